"""A worker that starts again, or that another takes over from, fires what one fires that was never away."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text

from backend.alerts.firing.onlooker import Onlooker
from backend.alerts.firing.rule_feed import RuleFeed
from backend.alerts.platform import publish_events
from backend.chain.events import Event, Reading
from backend.core.redis import EVENTS_GROUP, events_stream
from backend.market.replay import price_events, reading_events
from tests.integration.alerts.world import MAY_2024, TOKEN, until

GAS = "gas.base_fee_gwei"
# By block: the token's price, the base fee. Blocks are 12 s apart; five minutes are 25 of them.
PRICES = {1: "100", 27: "110", 31: "111", 60: "90", 61: "104", 140: "91", 141: "120", 170: "95"}
FEES = dict.fromkeys(range(2, 171, 2), "30") | {4: "12", 28: "15", 32: "11", 64: "18", 142: "10", 150: "40", 152: "9"}
# What belongs to no chain: (before this block, value of the portfolio).
WORTH = {3: "5000", 30: "900", 62: "2000", 141: "800"}
LAST = 170
# The worker starts again before these blocks; blocks up to the next of CATCH_UP are told while it is away.
RESTARTS = (28, 31, 63, 142, 145)
CATCH_UP = {64: 139, 151: 154}


async def stored(world) -> dict[int, list[Event]]:
    """Store the readings of the story and return its events by block, as the follower tells them."""
    at = datetime.fromtimestamp(MAY_2024, UTC)
    async with world.worker.unit_of_work() as session:
        for table, column, what, values in (
            ("price_readings", "price_usd", {"token": TOKEN}, PRICES),
            ("metric_readings", "value", {"metric": GAS, "subject": ""}, FEES),
        ):
            await session.execute(text("select ensure_month_partition(:table, :at)"), {"table": table, "at": at})
            names = ["chain_id", "taken_at", "block_hash", "block_number", "source", column, *what]
            insert = f"insert into {table} ({', '.join(names)}) values (:{', :'.join(names)})"
            for number, value in values.items():
                block = world.block(number)
                row = {**block, **what, "source": "test pool", column: Decimal(value)}
                row["taken_at"] = datetime.fromtimestamp(block["taken_at"], UTC)
                await session.execute(text(insert), row)
    async with world.worker.unit_of_work() as session:
        span = (at, at + timedelta(days=1), 1_000)
        events: Sequence[Event] = [
            *await price_events(session, world.chain_id, TOKEN, *span, (300,)),
            *await reading_events(session, world.chain_id, GAS, "", *span),
        ]
    blocks: dict[int, list[Event]] = {}
    for event in events:
        blocks.setdefault(event.block_number, []).append(event)
    return blocks


def nowhere(number: int) -> dict:
    return {"chain_id": 0, "block_number": 0, "block_hash": "", "taken_at": MAY_2024 + 12 * number - 6}


def worth(world, user, number: int) -> Reading:
    earlier = [at for at in WORTH if at < number]
    return Reading(
        id=f"{world.chain_id}:worth:{number}", **nowhere(number), metric="portfolio.value_usd", subject=str(user.id),
        value=Decimal(WORTH[number]), previous_value=Decimal(WORTH[earlier[-1]]) if earlier else None,
        previous_taken_at=MAY_2024 + 12 * earlier[-1] - 6 if earlier else None, source="snapshot",
    )  # fmt: skip


async def the_rules(world, user) -> list:
    """Rules that look at what was read before: changes over windows, the portfolio, states that repeat."""
    price = {"type": "price", "conditions": {"chain": world.chain_id, "token": TOKEN}}
    risen = {**price, "conditions": {**price["conditions"], "change_pct": 5, "window_seconds": 300}}
    dear = {**price, "conditions": {**price["conditions"], "price_usd": {"gt": 100}}}
    cheap_gas = {"type": "gas", "conditions": {"chain": world.chain_id, "base_fee_gwei": {"lt": 20}}}
    poor = {"type": "portfolio", "conditions": {"measure": "value", "value": {"lt": 1000}}}
    trees = [
        ({"all": [risen, cheap_gas]}, {}),
        ({"all": [{"not": risen}, cheap_gas]}, {}),
        ({"all": [dear, cheap_gas]}, {}),
        ({"all": [poor, dear]}, {}),
        ({"all": [{"not": poor}, cheap_gas]}, {}),
        ({"any": [poor, {"all": [dear, cheap_gas]}]}, {"trigger": "level", "cooldown_seconds": 240}),
    ]
    return [await world.rule(user, "multi", conditions={"tree": tree}, **options) for tree, options in trees]


async def told(world, make_user, *, restarts: Sequence[int] = (), catch_up: dict[int, int] | None = None):
    """Tell the story to a worker that starts again now and then; return (which rule, event without its chain)."""
    user = await make_user()
    rules = await the_rules(world, user)
    blocks = await stored(world)
    number = 1
    while number <= LAST:
        async with world.working():
            while number <= LAST:
                await tell(world, user, blocks, number)
                await world.quiet()
                number += 1
                if number in restarts or number in (catch_up or {}):
                    break
        if (end := (catch_up or {}).get(number)) is not None:
            for away in range(number, end):
                await tell(world, user, blocks, away, waits=False)
            number = end
    return await fired(world, user, rules)


async def fired(world, user, rules) -> list[tuple[int, str]]:
    """Return (place of the rule, event without its chain) of every alert."""
    async with world.worker.unit_of_work() as session:
        query = "select alert_rule_id, event_id from alert_history where user_id = :user"
        rows = (await session.execute(text(query), {"user": user.id})).all()
    places = {rule.id: place for place, rule in enumerate(rules)}
    chain, in_hex = str(world.chain_id), f"{world.chain_id:08x}"
    return sorted((places[rule], event.replace(in_hex, "").replace(chain, "")) for rule, event in rows)


async def tell(world, user, blocks, number: int, *, waits: bool = True) -> None:
    if number in WORTH:
        async with world.worker.unit_of_work() as session:
            await publish_events(session, [worth(world, user, number)], user.id)
        if waits:
            await until(lambda: platform_is_quiet(world))
    if number in blocks:
        await world.emit(*blocks[number])


async def platform_is_quiet(world) -> bool:
    async with world.worker.unit_of_work() as session:
        waiting = "select count(*) from platform_events where emitted_at is null"
        if (await session.execute(text(waiting))).scalar_one():
            return False
    groups = await world.redis.xinfo_groups(events_stream(0))
    info = await world.redis.xinfo_stream(events_stream(0))
    ours = [group for group in groups if group["name"] == EVENTS_GROUP.encode()]
    return bool(ours) and ours[0]["last-delivered-id"] == info["last-generated-id"] and not ours[0]["pending"]


async def test_a_restart_changes_nothing(make_world, make_user) -> None:
    never_away = await told(make_world(), make_user)
    assert len({rule for rule, _ in never_away}) == 6, f"each rule fires: {never_away}"
    assert await told(make_world(), make_user, restarts=RESTARTS) == never_away
    assert await told(make_world(), make_user, catch_up=CATCH_UP) == never_away


async def test_the_one_that_stood_by_knows_what_came_meanwhile(make_world, make_user) -> None:
    """Two workers; the one at work ends between two readings, and the other was never told of any."""
    expected = await told(make_world(), make_user)
    world, user = make_world(), await make_user()
    rules = await the_rules(world, user)
    blocks = await stored(world)
    async with world.working() as first:
        for number in range(1, LAST + 1):
            if number == 20:
                second = asyncio.create_task(_stand_by(world))
            if number == 31:
                first.cancel()
            await tell(world, user, blocks, number)
            await world.quiet()
        second.cancel()
    assert await fired(world, user, rules) == expected


async def _stand_by(world) -> None:
    async with world.working() as task:
        await task


async def test_a_chain_that_another_process_works_at_is_followed(make_world, make_user) -> None:
    """A rule over two chains: what this process knows of the other's prices is what was read last, without orphans."""
    world, user = make_world(), await make_user()
    here = {"type": "price", "conditions": {"chain": world.chain_id, "token": TOKEN, "price_usd": {"gt": 100}}}
    poor = {"type": "portfolio", "conditions": {"measure": "value", "value": {"lt": 1000}}}
    feed = RuleFeed(world.worker)
    following = asyncio.create_task(feed.run())
    await feed.loaded.wait()
    onlooker = Onlooker(world.chain_id, world.redis, feed)
    await onlooker.look()
    assert world.chain_id not in feed.book.readings.abroad, "nobody looks at it together with anything else"
    await world.rule(user, "multi", conditions={"tree": {"all": [here, poor]}})
    await until(lambda: _is_abroad(feed, world.chain_id))
    series = feed.book.readings.find(("price_usd", world.chain_id, TOKEN))
    assert series is not None
    await onlooker.look()
    await world.emit(world.price(1, "99", "101"), world.transfer(1))
    await world.emit(world.price(2, "101", "102"))
    await onlooker.look()
    assert [entry.value for entry in series.entries] == [101, 102]
    await world.emit(world.orphaned(2))
    await world.emit(world.price(3, "101", "98"))
    await onlooker.look()
    assert [entry.value for entry in series.entries] == [101, 98]
    # Redis lost everything: what the record has is known (nothing here), and what is emitted again comes again.
    await world.redis.delete(events_stream(world.chain_id))
    world.sequence = 0
    await world.emit(world.price(1, "99", "101"))
    await onlooker.look()
    await world.emit(world.price(4, "101", "97"))
    await onlooker.look()
    assert [entry.value for entry in series.entries] == [97]
    following.cancel()


async def _is_abroad(feed: RuleFeed, chain_id: int) -> bool:
    return chain_id in feed.book.readings.abroad
