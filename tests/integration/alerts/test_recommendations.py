"""What is recommended, why, and that taking it does what it says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import text

from backend.alerts import service as rules
from backend.alerts.preview import service as preview
from backend.alerts.recommendations import service as recommendations
from backend.alerts.recommendations.port import Suggestion, providers
from backend.alerts.schemas import RuleCreate
from backend.core import clock
from tests.integration.alerts.conftest import insert_alert
from tests.integration.alerts.world import TOKEN

WALLET = "0x" + "12" * 20
NOW = datetime(2024, 5, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _may_2024():
    clock.use_clock(NOW.timestamp)
    yield
    clock.use_clock(None)


async def recommended(world, user):
    async with world.app.unit_of_work(user.id) as session:
        return (await recommendations.list_recommendations(session, user)).items


async def taken(world, user, item):
    async with world.app.unit_of_work(user.id) as session:
        return await recommendations.accept(session, user, item.id)


async def alerts(admin_database, user, rule, count, each_seconds, **values):
    for number in range(count):
        at = NOW - timedelta(seconds=each_seconds * (number + 1))
        data = {"value_usd": str(2_000 * (number + 1)), "symbol": "AAA"}
        await insert_alert(
            admin_database, user, rule.id, f"{rule.id}:{number}", at=at, token=TOKEN, chain=rule_chain(rule),
            data=orjson.dumps(data).decode(), **values,
        )  # fmt: skip


def rule_chain(rule):
    return next(condition["value"] for condition in rule.conditions if condition["field"] == "chain")


async def series(world, count, each_seconds, table="price_readings", value="100 + 5 * sin(n / 3.0)"):
    """Store `count` readings up to now."""
    name, column, more = ("token", "price_usd", "") if table == "price_readings" else ("subject", "value", ", metric")
    async with world.worker.unit_of_work() as session:
        for at in (NOW, NOW - timedelta(days=20)):
            await session.execute(text(f"select ensure_month_partition('{table}', :at)"), {"at": at})
        await session.execute(
            text(f"insert into {table} (chain_id, {name}, taken_at, block_hash, block_number, {column}, source{more})"
                 f" select :chain, :subject, :now - make_interval(secs => (:count - n) * :each), '0x' || n, n, {value},"
                 f" 'p'{', :metric' if more else ''} from generate_series(1, :count) n"),
            {"chain": world.chain_id, "subject": TOKEN if not more else "", "now": NOW, "count": count,
             "each": float(each_seconds), "metric": "gas.base_fee_gwei"},
        )  # fmt: skip


async def made_before(admin_database, rule, days):
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("update alert_rules set created_at = :at where id = :id"),
            {"at": NOW - timedelta(days=days), "id": rule.id},
        )


async def test_a_token_that_watched_wallets_move(world, make_user, admin_database):
    user = await make_user()
    rule = await world.rule(user, conditions={"wallet": [WALLET]})
    await alerts(admin_database, user, rule, 3, 60)
    assert await recommended(world, user) == []  # nobody reads its price: a rule would never tell
    await series(world, 5, 60)
    (item,) = await recommended(world, user)
    assert (item.kind, item.source, item.numbers["transfers"]) == ("create", "watched tokens", 3)
    assert "moved AAA 3 times in the last 7 days worth $12,000" in item.reason
    made = await taken(world, user, item)
    assert (made.type, made.name) == ("price", "AAA moves by 10% in a day")
    assert "moves either way by at least 10% within 1 day" in made.description
    assert await recommended(world, user) == []


async def test_what_is_dismissed_is_not_shown_again(world, make_user, admin_database):
    user, other = await make_user(), await make_user()
    await series(world, 5, 60)
    for each in (user, other):
        await alerts(admin_database, each, await world.rule(each, conditions={"wallet": [WALLET]}), 1, 60)
    (item,) = await recommended(world, user)
    async with world.app.unit_of_work(other.id) as session:
        with pytest.raises(recommendations.RecommendationNotFoundError):
            await recommendations.dismiss(session, other, item.id)
    async with world.app.unit_of_work(user.id) as session:
        await recommendations.dismiss(session, user, item.id)
        with pytest.raises(recommendations.RecommendationNotFoundError):
            await recommendations.accept(session, user, item.id)
    assert await recommended(world, user) == [] and len(await recommended(world, other)) == 1


async def test_a_whale_rule_that_tells_forty_times_a_day(world, make_user, admin_database):
    user = await make_user()
    rule = await world.rule(user, name="Loud")
    await alerts(admin_database, user, rule, 80, 2_100)  # 80 in 47 hours, worth 2,000 to 160,000
    (item,) = await recommended(world, user)
    assert (item.kind, item.rule_id, item.source) == ("change", rule.id, "noisy rules")
    assert 40 <= item.numbers["perDay"] <= 42 and item.numbers["perDayThen"] <= 3
    changed = await taken(world, user, item)
    limit = next(each["value"] for each in changed.conditions if each["field"] == "value_usd")
    assert sum(2_000 * (n + 1) >= limit for n in range(80)) / (80 * 2_100 / 86_400) <= 3.1
    assert changed.version == 2 and str(int(limit)) == item.numbers["to"]


async def test_a_price_rule_is_given_a_pause_that_was_tried(world, make_user, admin_database):
    user = await make_user()
    rule = await world.rule(user, "price", conditions={"price_usd": {"gt": 102}})
    await series(world, 2_000, 120)
    await alerts(admin_database, user, rule, 60, 1_800, type="price")
    (item,) = [each for each in await recommended(world, user) if each.source == "noisy rules"]
    changed = await taken(world, user, item)
    assert changed.cooldown_seconds == int(item.numbers["to"]) > 0
    sent = changed.model_dump(mode="json", by_alias=True, include={"name", "type", "conditions", "cooldown_seconds"})
    async with world.app.unit_of_work(user.id) as session:
        tried = await preview.preview_rule(session, user, RuleCreate.model_validate(sent))
    assert tried.per_day == pytest.approx(item.numbers["perDayThen"], abs=0.5) and tried.per_day <= 3.5


async def test_a_rule_that_was_never_near(world, make_user, admin_database):
    user = await make_user()
    far = await world.rule(user, "price", conditions={"price_usd": {"gt": 500}}, name="Moon")
    near = await world.rule(user, "price", conditions={"price_usd": {"gt": 110}})
    new = await world.rule(user, "price", conditions={"price_usd": {"gt": 900}})
    for rule, days in ((far, 30), (near, 30), (new, 1)):
        await made_before(admin_database, rule, days)
    await series(world, 500, 600)
    (item,) = await recommended(world, user)
    assert item.rule_id == far.id and item.numbers["to"] == "105" and item.numbers["distancePct"] > 70
    assert "came no nearer than 105, 79% away from 500" in item.reason
    assert (await taken(world, user, item)).description.endswith("rises above $105")


async def test_gas_on_a_chain_of_ones_alerts(world, make_user, admin_database):
    user = await make_user()
    rule = await world.rule(user)
    await alerts(admin_database, user, rule, 4, 60)
    await series(world, 1_000, 60, "metric_readings", "10 + n % 50")
    (item,) = await recommended(world, user)
    assert (item.source, item.numbers["gwei"], item.numbers["alerts"]) == ("gas of used chains", "14", 4)
    made = await taken(world, user, item)
    assert made.type == "gas" and "14 gwei" in made.description
    assert await recommended(world, user) == []


async def test_other_domains_add_theirs(world, make_user, monkeypatch):
    async def fixed(context):
        rule = {"name": "x", "type": "whale", "conditions": {"value_usd": 5000}}
        return [Suggestion("portfolio:1", "Title", "Because", rule, {"share": Decimal(1)}, weight=5)]

    monkeypatch.setitem(providers(), "portfolio", fixed)  # pyright: ignore[reportArgumentType]
    user = await make_user()
    (item,) = await recommended(world, user)
    assert (item.source, item.title) == ("portfolio", "Title")
    made = await taken(world, user, item)
    async with world.app.unit_of_work(user.id) as session:
        assert (await rules.get_rule(session, user, made.id)).name == "x"
