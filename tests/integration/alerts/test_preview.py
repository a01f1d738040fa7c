"""A rule tried on what is stored says exactly what the worker would have told of it."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.alerts.preview import service as preview
from backend.alerts.preview.sources import MOST_EVENTS
from backend.alerts.schemas import RuleCreate
from backend.core import clock
from backend.core.errors import InvalidInputError
from backend.market.replay import price_events
from tests.integration.alerts.world import MAY_2024, TOKEN

LAST = 1_000


@pytest.fixture(autouse=True)
def _may_2024():
    clock.use_clock(lambda: float(MAY_2024 + 12 * LAST))
    yield
    clock.use_clock(None)


async def prices(world, values, first=1):
    """Store readings, one a block."""
    async with world.worker.unit_of_work() as session:
        at = datetime.fromtimestamp(MAY_2024, UTC)
        await session.execute(text("select ensure_month_partition('price_readings', :at)"), {"at": at})
        for number, value in enumerate(values, start=first):
            block = world.block(number)
            await session.execute(
                text("insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd,"
                     " source) values (:chain, :token, :at, :hash, :number, :price, 'test pool')"),
                {"chain": world.chain_id, "token": TOKEN, "at": datetime.fromtimestamp(block["taken_at"], UTC),
                 "hash": block["block_hash"], "number": number, "price": Decimal(value)},
            )  # fmt: skip


def rule(world, kind="price", **changes):
    conditions = {"chain": world.chain_id, **({"token": TOKEN} if kind == "price" else {}), **changes.pop("conditions")}
    return RuleCreate.model_validate({"name": "r", "type": kind, "conditions": conditions, **changes})


async def tried(world, user, wanted, redis=None):
    async with world.app.unit_of_work(user.id) as session:
        return await preview.preview_rule(session, user, wanted, redis)


async def test_a_preview_is_what_the_worker_tells(world, make_user):
    user = await make_user()
    values = ["90", "95", "101", "99", "100.5", "103", "80", "120"]
    await prices(world, values)
    wanted = rule(world, conditions={"price_usd": {"gt": 100}})
    found = await tried(world, user, wanted)
    assert [(hit.block_number, hit.value) for hit in found.hits] == [(8, "120"), (5, "100.5"), (3, "101")]
    assert (found.count, found.held_back, found.can_preview, found.per_day) == (3, 0, True, None)
    assert found.hits[0].message.startswith("0x0000…00aa") or "rose above $100" in found.hits[0].message

    # The same readings through the stream and the worker.
    made = await world.rule(user, "price", conditions={"price_usd": {"gt": 100}})
    async with world.app.unit_of_work(user.id) as session:
        since = datetime.fromtimestamp(MAY_2024, UTC)
        events = await price_events(session, world.chain_id, TOKEN, since, since + timedelta(days=1), 100)
    async with world.working():
        for event in events:
            await world.emit(event)
        history = await world.quiet()
    assert sorted(row[1] for row in history if row[0] == made.id) == sorted(
        event.id for event in events if event.block_number in {hit.block_number for hit in found.hits}
    )


async def test_pause_once_and_active_hours_hold_back(world, make_user):
    user = await make_user()
    await prices(world, ["90", "110"] * 20)
    conditions = {"price_usd": {"gt": 100}}
    assert (await tried(world, user, rule(world, conditions=conditions))).count == 20
    paused = await tried(world, user, rule(world, conditions=conditions, cooldownSeconds=60))
    assert (paused.count, paused.held_back) == (7, 13)  # every 24 s; the next is due after 72
    once = await tried(world, user, rule(world, conditions=conditions, frequency="once"))
    assert (once.count, once.held_back) == (1, 19)
    at = datetime.fromtimestamp(MAY_2024, UTC)
    hours = {"days": [1, 2, 3, 4, 5, 6, 7], "from": f"{(at.hour + 2) % 24:02}:00", "to": f"{(at.hour + 3) % 24:02}:00",
             "timeZone": "UTC"}  # fmt: skip
    assert (await tried(world, user, rule(world, conditions=conditions, activeHours=hours))).count == 0


async def test_changes_over_a_window(world, make_user):
    user = await make_user()
    await prices(world, ["100"] * 30 + ["106"] + ["107"] * 5 + ["100"] + ["106"])
    found = await tried(world, user, rule(world, conditions={"change_pct": 5, "window_seconds": 300}))
    assert [hit.block_number for hit in found.hits] == [38, 31]


async def test_what_is_not_stored_is_said(world, make_user):
    user = await make_user()
    nothing = await tried(world, user, rule(world, conditions={"price_usd": {"gt": 100}}))
    assert (nothing.can_preview, nothing.count, nothing.is_complete) == (False, 0, False)
    assert nothing.sources[0].note and nothing.notes
    await prices(world, ["90", "101"])
    short = await tried(world, user, rule(world, conditions={"price_usd": {"gt": 100}}))
    assert short.can_preview and not short.is_complete and "Stored only since" in short.sources[0].note
    without = await tried(world, user, rule(world, "whale", conditions={"value_usd": 5000}))
    assert (without.can_preview, without.sources) == (False, [])


async def test_hysteresis_and_level_and_trees(world, make_user):
    user = await make_user()
    await prices(world, ["90", "101", "99", "101", "90", "101", "102", "103", "104", "105", "106"])
    conditions = {"price_usd": {"gt": 100}}
    calm = await tried(world, user, rule(world, conditions=conditions, hysteresisPct=5))
    assert ([hit.block_number for hit in calm.hits], calm.held_back) == ([6, 2], 1)
    level = await tried(world, user, rule(world, conditions=conditions, trigger="level", cooldownSeconds=60))
    assert [hit.block_number for hit in level.hits] == [7, 2]  # then every 60 s at the soonest
    leaf = {"type": "price", "conditions": {**conditions, "chain": world.chain_id, "token": TOKEN}}
    low = {"type": "price", "conditions": {"price_usd": {"lt": 95}, "chain": world.chain_id, "token": TOKEN}}
    tree = RuleCreate.model_validate({"name": "r", "type": "multi", "conditions": {"any": [leaf, low]}})
    found = await tried(world, user, tree)
    # True with the first reading already, which nobody had known before; false with the third.
    assert [hit.block_number for hit in found.hits] == [4, 1] and len(found.sources) == 1


async def test_things_that_happened(world, make_user):
    user = await make_user()
    block, contract = world.block(5), "0x" + "ab" * 20
    async with world.worker.unit_of_work() as session:
        at = datetime.fromtimestamp(block["taken_at"], UTC)
        await session.execute(text("select ensure_month_partition('chain_occurrences', :at)"), {"at": at})
        await session.execute(
            text("insert into chain_occurrences (chain_id, topic, subject, taken_at, block_hash, block_number,"
                 " log_index, tx_hash, source, details) values (:chain, 'contract.ownership_changed', :contract, :at,"
                 " :hash, 5, 1, '0xt', 'p', :details)"),
            {"chain": world.chain_id, "contract": contract, "at": at, "hash": block["block_hash"],
             "details": '{"previousOwner": "0x1", "newOwner": "0x2"}'},
        )  # fmt: skip
    wanted = rule(world, "protocol_risk", conditions={"signal": "ownership_changed", "contract": contract})
    found = await tried(world, user, wanted)
    assert ([hit.block_number for hit in found.hits], found.count) == ([5], 1)
    clocked = RuleCreate.model_validate({"name": "r", "type": "schedule", "conditions": {"cron": "0 9 * * *"}})
    nothing = await tried(world, user, clocked)
    assert not nothing.can_preview and "Nothing is kept" in nothing.notes[0]


async def test_transfers_of_the_last_hour(world, make_user):
    user = await make_user()
    await world.emit(world.transfer(1), world.transfer(2, value_usd=Decimal(900)))
    await world.emit(world.transfer(3, value_usd=Decimal(9000)))
    await world.emit(world.transfer(4, value_usd=Decimal(9000)))
    await world.emit(world.orphaned(4))
    found = await tried(world, user, rule(world, "whale", conditions={"value_usd": 5000}), world.redis)
    assert [(hit.block_number, hit.value) for hit in found.hits] == [(3, "9000"), (1, "5000")]
    assert "about an hour" in found.sources[0].note and found.hits[0].tx_hash


async def test_a_bad_rule_is_refused(world, make_user):
    with pytest.raises(InvalidInputError):
        await tried(world, await make_user(), rule(world, conditions={"price_usd": {"gt": -1}}))


async def test_many_readings_are_looked_at_within_seconds(world, make_user):
    user = await make_user()
    async with world.worker.unit_of_work() as session:
        begin = datetime.fromtimestamp(MAY_2024, UTC) - timedelta(days=3)
        for at in (begin, begin + timedelta(days=3)):
            await session.execute(text("select ensure_month_partition('price_readings', :at)"), {"at": at})
        await session.execute(
            text("insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd,"
                 " source) select :chain, :token, :at + make_interval(secs => n * 4.0), '0x' || n, n,"
                 " 100 + 5 * sin(n / 50.0), 'p' from generate_series(1, 60000) n"),
            {"chain": world.chain_id, "token": TOKEN, "at": begin},
        )  # fmt: skip
    before = time.perf_counter()
    found = await tried(world, user, rule(world, conditions={"price_usd": {"gt": 104}}))
    took = time.perf_counter() - before
    assert found.sources[0].events == MOST_EVENTS and "newest" in found.sources[0].note
    assert found.count > 100 and len(found.hits) == preview.MOST_HITS and found.per_day is not None
    assert took < 30, took
