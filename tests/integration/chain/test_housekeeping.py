"""Tidying: the stream keeps what is young or unread, the database what the last thousand blocks reach."""

from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.chain import repository
from backend.chain.events import BlockOrphaned
from backend.chain.follow import housekeeping
from backend.chain.follow.emission import EventStream, StreamMovedError
from backend.chain.repository import Checkpoint
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.redis import EVENTS_GROUP

CHAIN = 990_100


def _event(number: int) -> BlockOrphaned:
    return BlockOrphaned(id=f"e{number}", chain_id=CHAIN, block_number=number, block_hash="0x", taken_at=1)


async def _chain(database: Database, blocks: int, old: int) -> None:
    """A chain of `blocks` blocks, the first `old` of them recorded ten days ago."""
    async with database.unit_of_work() as session:
        last = Checkpoint("0x0", blocks, f"0x{blocks}", blocks + 1, blocks)
        await repository.create_checkpoint(session, CHAIN, last)
        for number in range(1, blocks + 1):
            values = {"block_hash": f"0x{number}", "block_number": number, "parent_hash": f"0x{number - 1}"}
            values |= {"chain_id": CHAIN, "taken_at": utc_now(), "base_fee_wei": None, "gas_used": 1, "gas_limit": 1}
            await repository.insert_block(session, {**values, "event_count": 1, "emit_seq": number})
        await session.execute(
            text("update chain_blocks set recorded_at = :at where chain_id = :chain and block_number <= :old"),
            {"at": utc_now() - timedelta(days=10), "chain": CHAIN, "old": old},
        )


async def test_the_stream_keeps_what_is_unread_and_the_database_the_newest(
    fresh_database_urls, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "ALWAYS_KEPT_BLOCKS", 50)
    database = Database(fresh_database_urls.worker, pool_size=2)
    await _chain(database, blocks=400, old=380)
    stream = EventStream(redis, CHAIN)
    last = await stream.append("0-0", [(number, [_event(number)]) for number in range(1, 401)])
    await redis.xgroup_create(stream.name, EVENTS_GROUP, id="0")
    await redis.xreadgroup(EVENTS_GROUP, "one", {stream.name: ">"}, count=200)
    assert await housekeeping.tidy(CHAIN, database, stream) == (0, 349), "nothing is acknowledged yet"
    await redis.xack(stream.name, EVENTS_GROUP, *[f"{number}-1" for number in range(1, 151)])
    trimmed, deleted = await housekeeping.tidy(CHAIN, database, stream)
    first = (await redis.xrange(stream.name, count=1))[0][0]
    assert 0 < trimmed <= 150 and deleted == 0 and int(first.split(b"-")[0]) <= 151
    assert await stream.last_id() == last
    await database.close()


async def test_an_entry_is_appended_once_and_only_where_it_belongs(redis: Redis) -> None:
    stream = EventStream(redis, CHAIN)
    assert await stream.last_id() == "0-0"
    last = await stream.append("0-0", [(3, [_event(n) for n in range(900)]), (4, [_event(1)])])
    assert last == "4-1"
    assert [key for key, _ in await redis.xrange(stream.name)] == [b"3-1", b"3-2", b"3-3", b"4-1"]
    assert await stream.append("0-0", [(3, [_event(n) for n in range(900)]), (4, [_event(1)])]) == "4-1"
    with pytest.raises(StreamMovedError):
        await stream.append("3-1", [(5, [_event(5)])])
    assert await redis.xlen(stream.name) == 4


async def test_only_one_of_two_leaders_moves_the_checkpoint(fresh_database_urls) -> None:
    database = Database(fresh_database_urls.worker, pool_size=2)
    await _chain(database, blocks=3, old=0)
    async with database.unit_of_work() as session:
        seen = await repository.read_checkpoint(session, CHAIN)
        assert seen is not None
        there_and_back = replace(seen, next_seq=seen.next_seq + 2)
        assert await repository.move_checkpoint(session, CHAIN, seen, there_and_back)
        assert not await repository.move_checkpoint(session, CHAIN, seen, replace(seen, block_hash="0x9"))
        assert not await repository.move_checkpoint(session, CHAIN, replace(there_and_back, block_hash="0x8"), seen)
        assert await repository.read_checkpoint(session, CHAIN) == there_and_back
    await database.close()
