"""What a chain, a user or a machine may do to the alert worker: names of a megabyte, ten thousand rules on one event,
a Redis that forgot everything, a clock that jumps."""

import time

import orjson
import pytest
from sqlalchemy import text

from backend.core.clock import use_clock
from backend.core.ids import new_id
from backend.core.redis import EVENTS_GROUP, events_stream
from tests.integration.alerts.world import TOKEN, until

RULES = 10_000
HOSTILE = [
    "<script>alert(1)</script>", "\u202egnp.exe\u202c", "A\x00B", "\U0001f680" * 40, "x" * 1_000_000, "%s{0}${x}",
    "'; drop table alert_history; --", "\n\r\t", "",
]  # fmt: skip


async def test_a_user_with_ten_thousand_rules_on_one_event(world, make_user) -> None:
    """Every rule has its alert, once; the plan's number is told, the rest is kept silent; other users do not wait."""
    many, other = await make_user("enterprise"), await make_user("enterprise")
    conditions = orjson.dumps(
        [
            {"field": "value_usd", "operator": "gte", "value": 1000},
            {"field": "chain", "operator": "eq", "value": world.chain_id},
        ]
    ).decode()
    async with world.worker.unit_of_work() as session:
        await session.execute(
            text(
                "insert into alert_rules (id, user_id, name, type, conditions, actions)"
                " select unnest(cast(:ids as uuid[])), :user, 'one of many', 'whale', cast(:conditions as jsonb),"
                """ '[{"type": "in_app"}]'"""
            ),
            {"ids": [new_id() for _ in range(RULES)], "user": many.id, "conditions": conditions},
        )
    mine = await world.rule(other)
    async with world.working():
        await world.emit(world.transfer(1))
        await world.emit(world.transfer(2, value_usd=None))
        alerts = await world.quiet(90)
        assert len(alerts) == RULES + 1 == len({rule for rule, *_ in alerts})
        assert mine.id in {rule for rule, *_ in alerts}
        async with world.worker.unit_of_work() as session:
            query = "select count(*) filter (where not suppressed) from alert_history where user_id = :user"
            told = (await session.execute(text(query), {"user": many.id})).scalar_one()
        assert told == 1_000, "an Enterprise plan is told 1,000 an hour"


@pytest.mark.parametrize("symbol", HOSTILE, ids=[ascii(name)[:20] for name in HOSTILE])
async def test_a_token_may_call_itself_anything(world, make_user, symbol: str) -> None:
    user = await make_user()
    await world.rule(user, conditions={"token": TOKEN})
    async with world.working():
        await world.emit(world.transfer(1, symbol=symbol))
        await world.emit(world.transfer(2))
        assert len(await world.quiet()) == 2, "neither lost nor in the way of the next"
    async with world.worker.unit_of_work() as session:
        query = "select message from alert_history where chain_id = :chain order by block_number limit 1"
        message = (await session.execute(text(query), {"chain": world.chain_id})).scalar_one()
    assert len(message) < 400 and message.isprintable()
    assert "\u202e" not in message


async def test_redis_forgets_everything(world, make_user) -> None:
    """The follower emits the last ten minutes again into an empty Redis: nothing is doubled, nothing is missing."""
    user = await make_user()
    await world.rule(user)
    async with world.working():
        for number in (1, 2):
            await world.emit(world.transfer(number))
        before = await world.quiet()
        await world.redis.flushall()
        world.sequence = 0
        for number in (1, 2, 3):
            await world.emit(world.transfer(number))
        await until(lambda: _has_group(world), 20)
        after = await world.quiet()
    assert len(before) == 2 and len(after) == 3 and set(before) < set(after)


async def _has_group(world) -> bool:
    if not await world.redis.exists(events_stream(world.chain_id)):
        return False
    return any(
        group["name"] == EVENTS_GROUP.encode()
        for group in await world.redis.xinfo_groups(events_stream(world.chain_id))
    )


async def test_the_clock_jumps(world, make_user) -> None:
    """Rules go by block time: a clock that jumps a day ahead and back holds nothing back and doubles nothing."""
    user = await make_user()
    cooling = await world.rule(user, cooldownSeconds=60)
    try:
        async with world.working():
            for place, jump in enumerate((0.0, 86_400.0, -86_400.0)):
                at = time.time() + jump
                use_clock(lambda at=at: at)
                for number in range(3 * place, 3 * place + 3):  # blocks 12 s apart
                    await world.emit(world.transfer(number))
                await world.quiet()
    finally:
        use_clock(None)
    times = sorted(int(event.split(":")[1][-8:], 16) for rule, event, *_ in await world.history() if rule == cooling.id)
    assert times == [0, 5], "the sixth block is 60 s after the first, whatever the clock says"
