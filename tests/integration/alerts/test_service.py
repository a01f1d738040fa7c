"""Rules and history through the service, on a real database with row-level security."""

import asyncio
import csv
import io

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.alerts import service
from backend.alerts.errors import RuleChangedError, RuleNotFoundError
from backend.alerts.schemas import HistoryFilter, RuleCreate, RuleUpdate
from backend.chain.events import NATIVE_TOKEN
from backend.core.errors import InvalidInputError, TierLimitError
from tests.integration.alerts.conftest import insert_alert

WALLETS = [f"0x{n:040x}" for n in range(1, 120)]
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"


def whale(**changes):
    values = {"name": "Big", "type": "whale", "conditions": {"value_usd": 5000}, **changes}
    return RuleCreate.model_validate(values)


async def made(database, user, rule):
    async with database.unit_of_work(user.id) as session:
        return await service.create_rule(session, user, rule)


@pytest.fixture
async def tokens(admin_database):
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into chain_tokens (chain_id, address, symbol, decimals) values (1, :usdc, 'USDC', 6),"
                " (1, '0xfa4e000000000000000000000000000000000001', 'USDC', 6),"
                " (1, '0x0000000000000000000000000000000000000a01', 'TWIN', 18),"
                " (1, '0x0000000000000000000000000000000000000a02', 'TWIN', 18) on conflict do nothing"
            ),
            {"usdc": USDC},
        )


async def test_a_rule_lives_from_creation_to_deletion(app_database, make_user, tokens):
    user = await make_user()
    rule = await made(
        app_database,
        user,
        whale(conditions=[
            {"field": "value_usd", "operator": "gte", "value": "$1,250,000"},
            {"field": "chain", "operator": "eq", "value": "ethereum"},
            {"field": "token", "operator": "in", "value": ["usdc", "ETH"]},
        ]),
    )  # fmt: skip
    assert rule.conditions == [
        {"field": "value_usd", "operator": "gte", "value": 1_250_000},
        {"field": "chain", "operator": "eq", "value": 1},
        {"field": "token", "operator": "in", "value": [USDC, NATIVE_TOKEN]},
    ]
    assert rule.description == "A transfer of USDC or ETH worth at least $1,250,000 on Ethereum"
    assert (rule.version, rule.enabled, rule.frequency) == (1, True, "recurring")
    async with app_database.unit_of_work(user.id) as session:
        changed = await service.update_rule(session, user, rule.id, RuleUpdate(name="Bigger", version=1))
        assert (changed.name, changed.version, changed.conditions) == ("Bigger", 2, rule.conditions)
        with pytest.raises(RuleChangedError):
            await service.update_rule(session, user, rule.id, RuleUpdate(name="Late", version=1))
        paused = await service.set_enabled(session, user, rule.id, False)
        assert (paused.enabled, paused.version) == (False, 3)
        assert (await service.set_enabled(session, user, rule.id, False)).version == 3
        assert (await service.list_rules(session, user, enabled=True)).total == 0
        assert (await service.list_rules(session, user, type="whale")).items == [paused]
        await service.delete_rule(session, user, rule.id)
        with pytest.raises(RuleNotFoundError):
            await service.get_rule(session, user, rule.id)
        assert (await service.list_rules(session, user)).total == 0


async def test_what_is_stored_can_be_sent_back_unchanged(app_database, make_user):
    user = await make_user()
    for conditions in (
        {"price_usd": {"lte": "0.000000000000000123"}, "chain": 1, "token": USDC},
        {"change_pct": "-7.5", "window_seconds": 900, "chain": 1, "token": USDC},
        {"change_pct": 5, "direction": "either", "windowSeconds": "3600", "chain": 1, "token": "native"},
    ):
        rule = await made(app_database, user, RuleCreate(name="p", type="price", conditions=conditions))
        async with app_database.unit_of_work(user.id) as session:
            again = await service.update_rule(session, user, rule.id, RuleUpdate(conditions=rule.conditions))
        assert again.conditions == rule.conditions


async def test_symbols_that_mean_several_tokens_are_refused_unless_one_is_trusted(app_database, make_user, tokens):
    user = await make_user()
    rule = await made(app_database, user, whale(conditions={"amount": 5, "chain": 1, "token": "USDC"}))
    assert rule.conditions[-1]["value"] == USDC
    for token, words in (("TWIN", "Several tokens"), ("NOSUCH", "No token called")):
        with pytest.raises(InvalidInputError) as caught:
            await made(app_database, user, whale(conditions={"amount": 5, "chain": 1, "token": token}))
        assert words in caught.value.details["token"]


async def test_a_user_neither_sees_nor_changes_what_is_anothers(app_database, worker_database, make_user):
    alice, bob = await make_user(), await make_user()
    rule = await made(app_database, bob, whale())
    await insert_alert(worker_database, bob, rule.id, "e1")
    async with app_database.unit_of_work(alice.id) as session:
        for attempt in (
            service.get_rule(session, alice, rule.id),
            service.update_rule(session, alice, rule.id, RuleUpdate(name="mine")),
            service.set_enabled(session, alice, rule.id, False),
            service.delete_rule(session, alice, rule.id),
        ):
            with pytest.raises(RuleNotFoundError):
                await attempt
        # Even asking in the other's name: the session's user decides, not the argument.
        for user in (alice, bob):
            assert (await service.list_rules(session, user)).total == 0
            assert (await service.list_history(session, user, HistoryFilter())).total == 0
        exported = [chunk async for chunk in service.export_history(session, alice, HistoryFilter(), "json")]
        assert b"".join(exported) == b"[]\n"
        for table in ("alert_rules", "alert_history", "notification_outbox"):
            assert (await session.execute(text(f"select count(*) from {table}"))).scalar_one() == 0
        with pytest.raises(DBAPIError, match="row-level security"):
            await service.create_rule(session, bob, whale())
    with pytest.raises(DBAPIError, match="row-level security"):
        async with app_database.unit_of_work(alice.id) as session:
            _ = [chunk async for chunk in service.export_history(session, bob, HistoryFilter(), "json")]
    async with app_database.unit_of_work() as session:
        assert (await session.execute(text("select count(*) from alert_rules"))).scalar_one() == 0
    async with app_database.unit_of_work(bob.id) as session:
        assert (await service.get_rule(session, bob, rule.id)).name == "Big"
        assert (await service.list_history(session, bob, HistoryFilter())).total == 1


@pytest.mark.parametrize(
    "statement",
    [
        "select * from alert_history_y2024m05",
        "insert into alert_history select * from alert_history",
        "update alert_history set message = 'x'",
        "delete from alert_rules",
        "select ensure_month_partition('alert_history', now())",
        "truncate alert_rules",
        "set role premium_worker",
    ],
)
async def test_the_web_role_may_not_go_round_the_policies(app_database, worker_database, make_user, statement):
    user = await make_user()
    rule = await made(app_database, user, whale())
    await insert_alert(worker_database, user, rule.id, "e1")
    with pytest.raises(DBAPIError, match="permission denied"):
        async with app_database.unit_of_work(user.id) as session:
            await session.execute(text(statement))


@pytest.mark.parametrize(("tier", "most"), [("free", 3), ("starter", 10)])
async def test_the_plans_number_of_rules_holds_under_concurrency(app_database, make_user, tier, most):
    user = await make_user(tier)
    attempts = [made(app_database, user, whale(name=f"r{n}")) for n in range(most + 4)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, TierLimitError) for result in results) == 4
    async with app_database.unit_of_work(user.id) as session:
        page = await service.list_rules(session, user)
        assert page.total == most
        await service.delete_rule(session, user, page.items[0].id)
    await made(app_database, user, whale(name="in its place"))


async def test_the_plans_number_of_wallets_counts_each_wallet_once(app_database, make_user):
    user = await make_user("starter")
    rule = await made(app_database, user, whale(conditions={"wallet": WALLETS[:10]}))
    await made(app_database, user, whale(conditions={"wallet": WALLETS[3:5], "direction": "in"}))
    with pytest.raises(TierLimitError, match="10 watched wallets"):
        await made(app_database, user, whale(conditions={"wallet": WALLETS[10]}))
    async with app_database.unit_of_work(user.id) as session:
        await service.update_rule(session, user, rule.id, RuleUpdate(conditions={"wallet": WALLETS[5:13]}))
        counts = await service.alert_counts(session, user)
    assert (counts.rules_total, counts.wallets_watched, counts.wallets_limit) == (2, 10, 10)


async def test_history_is_filtered_paged_and_exported(app_database, worker_database, make_user):
    user = await make_user()
    rule = await made(app_database, user, whale(name="=cmd|' /C calc'!A0"))
    other = await made(app_database, user, whale(name="other"))
    for day in range(1, 8):
        await insert_alert(
            worker_database, user, (rule if day % 2 else other).id, f"e{day}", at=f"2024-05-0{day} 00:00:00+00",
            token=USDC if day < 3 else None, data='{"symbol": "Usdc", "amount": "-5"}' if day == 7 else "{}",
            message="+1 whale", chain=1 if day < 5 else 8453,
        )  # fmt: skip
    async with worker_database.unit_of_work() as session:
        await session.execute(
            text("update alert_history set withdrawn_at = now() where user_id = :id and event_id = 'e6'"),
            {"id": user.id},
        )

    async def shown(page=1, page_size=50, **wanted):
        async with app_database.unit_of_work(user.id) as session:
            found = await service.list_history(session, user, HistoryFilter(**wanted), page, page_size)
        return found.total, [alert.event_id for alert in found.items]

    assert await shown(page_size=3) == (7, ["e7", "e6", "e5"])
    assert await shown(page=3, page_size=3) == (7, ["e1"])
    assert await shown(rule_id=other.id) == (3, ["e6", "e4", "e2"])
    assert await shown(status="withdrawn") == (1, ["e6"])
    assert await shown(status="active", chain_id=8453) == (2, ["e7", "e5"])
    assert await shown(token="usdc") == (1, ["e7"])
    assert await shown(token=USDC.upper().replace("0X", "0x")) == (2, ["e2", "e1"])
    assert await shown(since="2024-05-02T00:00:00Z", until="2024-05-04T00:00:00Z") == (2, ["e3", "e2"])
    assert await shown(type="price") == (0, [])
    async with app_database.unit_of_work(user.id) as session:
        exported = b"".join([c async for c in service.export_history(session, user, HistoryFilter(), "csv")])
        as_json = b"".join([c async for c in service.export_history(session, user, HistoryFilter(), "json")])
    rows = list(csv.DictReader(io.StringIO(exported.decode("utf-8-sig"))))
    assert [row["status"] for row in rows] == ["active", "withdrawn", *["active"] * 5]
    assert rows[0]["ruleName"] == "'=cmd|' /C calc'!A0"
    assert (rows[0]["message"], rows[0]["amount"]) == ("'+1 whale", "-5")
    assert [alert["eventId"] for alert in orjson.loads(as_json)] == [f"e{day}" for day in range(7, 0, -1)]


async def test_webhook_destinations_are_checked(app_database, make_user):
    user = await make_user()
    hook = {"type": "webhook", "destination": "HTTPS://Example.com/hook"}
    rule = await made(app_database, user, whale(actions=[{"type": "in_app"}, hook, hook]))
    assert [action.destination for action in rule.actions] == [None, "https://example.com/hook"]
    for destination in ("http://example.com", "https://127.0.0.1/x", "https://u:p@example.com", "", None):
        with pytest.raises(InvalidInputError) as caught:
            await made(app_database, user, whale(actions=[{"type": "webhook", "destination": destination}]))
        assert "destination" in caught.value.details
