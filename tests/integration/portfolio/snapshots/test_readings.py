"""What the alerts engine hears of a portfolio: complete snapshots of those who have rules, in one transaction."""

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import text

from backend.core.ids import new_id
from backend.portfolio.snapshots.records import make_snapshot
from tests.integration.portfolio.snapshots.conftest import NOW, TOKEN, asset, chain, hours_before, worth

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")
OTHER_TOKEN = "0x" + "44" * 20
TREE = [{"field": "tree", "operator": "eq", "value": {"all": [{"type": "portfolio", "conditions": []}]}}]


async def rule(database, user, kind="portfolio", conditions=(), *, enabled=True) -> None:
    async with database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into alert_rules (id, user_id, name, type, conditions, actions, enabled)"
                " values (:id, :user_id, 'R', :kind, cast(:conditions as jsonb), '[]', :enabled)"
            ),
            {
                "id": new_id(),
                "user_id": user.id,
                "kind": kind,
                "conditions": orjson.dumps(list(conditions)).decode(),
                "enabled": enabled,
            },
        )


async def heard(database, user) -> dict[tuple[int, str], dict]:
    """The readings of a user, by time and part."""
    async with database.unit_of_work() as session:
        rows = await session.execute(
            text("select event from platform_events where user_id = :id order by place"), {"id": user.id}
        )
        return {(event["taken_at"], event["subject"].partition("/")[2]): event for event in rows.scalars()}


async def test_the_total_and_each_holding_with_what_they_were(save, user, admin_database):
    await rule(admin_database, user)
    both = [asset("60"), asset("40", token=OTHER_TOKEN)]
    await save(make_snapshot(user.id, hours_before(25), [chain()], both, is_complete=True))
    await save(worth(user.id, hours_before(24), "50"))
    await save(worth(user.id, hours_before(2), "1", is_complete=False))
    await save(worth(user.id, NOW, "75"))
    found = await heard(admin_database, user)
    now = int(NOW.timestamp())
    assert len(found) == 3 + 3 + 2, "a holding that was sold is worth zero once; incomplete ones say nothing"
    total, mine = found[now, ""], found[now, f"31337:{TOKEN}"]
    assert (total["metric"], total["value"], total["previous_value"]) == ("portfolio.value_usd", "75", "50")
    assert (mine["metric"], mine["subject"]) == ("portfolio.asset_usd", f"{user.id}/31337:{TOKEN}")
    assert total["changes"] == {"86400": [None, "50.0"]}, "there was nothing a day before the one before"
    assert found[now - 86_400, f"31337:{OTHER_TOKEN}"]["value"] == "0"
    assert total["previous_taken_at"] == now - 86_400


async def test_only_those_with_an_active_rule_are_read(save, user, new_user, admin_database):
    in_a_tree, off, other_kind = await new_user(), await new_user(), await new_user()
    await rule(admin_database, in_a_tree, "multi", TREE)
    await rule(admin_database, off, enabled=False)
    await rule(admin_database, other_kind, "gas")
    people = (user, in_a_tree, off, other_kind)
    await save(*(worth(each.id, NOW, "1") for each in people))
    assert [bool(await heard(admin_database, each)) for each in people] == [False, True, False, False]


async def test_the_same_snapshot_again_is_heard_once_and_a_later_one_anew(save, user, admin_database):
    await rule(admin_database, user)
    at = NOW - timedelta(minutes=20)
    for _ in range(2):
        await save(worth(user.id, at, "1"))
    await save(worth(user.id, NOW, "2"))
    found = await heard(admin_database, user)
    assert len(found) == 4
    assert Decimal(found[int(NOW.timestamp()), ""]["previous_value"]) == 1
