"""A rule that fires again only after its value went back, whatever cut its readings come in."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.integration.alerts.world import TOKEN

VALUES = ("21", "19", "21.9", "19.5", "22", "18", "19", "23", "17")  # 22 is 10% above 20


async def keep(world, update):
    """Store a reading, as the follower does before it emits it."""
    async with world.worker.unit_of_work() as session:
        at = datetime.fromtimestamp(update.taken_at, UTC)
        await session.execute(text("select ensure_month_partition('price_readings', :at)"), {"at": at})
        await session.execute(
            text(
                "insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd, source)"
                " values (:chain, :token, :at, :hash, :number, :price, 'test pool')"
            ),
            {
                "chain": world.chain_id, "token": TOKEN, "at": at, "hash": update.block_hash,
                "number": update.block_number, "price": update.price_usd,
            },
        )  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 2, 4, len(VALUES)])
async def test_it_fires_once_each_time_the_value_went_back(world, make_user, at_once):
    user = await make_user()
    rule = await world.rule(user, "price", conditions={"price_usd": {"lt": 20}}, hysteresisPct=Decimal(10))
    updates = [world.price(n, VALUES[max(0, n - 1)], VALUES[n]) for n in range(len(VALUES))]
    for update in updates:
        await keep(world, update)
    for start in range(0, len(updates), at_once):
        await world.emit(*updates[start : start + at_once])
    async with world.working():
        rows = await world.quiet()
    wanted = [updates[place].id for place in (1, 5, 8)]
    assert [(row[0], row[1]) for row in rows] == [(rule.id, event_id) for event_id in wanted]
