"""A month's partition that two make at once."""

import asyncio

from sqlalchemy import text

MAKE = text("select ensure_month_partition('alert_history', '2031-03-05 00:00:00+00')")


async def test_the_second_finds_what_the_first_made(worker_database):
    async with worker_database.engine.connect() as first, worker_database.engine.connect() as second:
        await first.execute(MAKE)
        waiting = asyncio.create_task(second.execute(MAKE))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await first.commit()
        await waiting
        await second.commit()
        await first.execute(MAKE)
