"""Turns at storing: what they may fill together, when one must be alone, and what another process changes."""

import asyncio

import pytest
from sqlalchemy import text

from backend.alerts.engine.quota import HOUR_SECONDS, Period
from backend.alerts.firing import quota_book
from backend.alerts.firing.quota_book import QuotaBook, RoomUnsureError

HOUR = Period(HOUR_SECONDS, 476_278)
IN_IT = float(HOUR.begins)


async def nothing():
    pass


async def usage(world, turn, user, count):
    async with world.worker.unit_of_work() as session:
        return (await turn.usage(session, {user.id: count}, {user.id: "free"}, [HOUR]))[user.id, HOUR]


async def test_what_one_turn_may_store_is_no_room_for_the_other(world, make_user):
    user, book = await make_user("free"), QuotaBook()
    async with book.turn() as first:
        assert (await usage(world, first, user, 3)).room == 5
        async with book.turn() as second:
            assert (await usage(world, second, user, 2)).room >= 2
        with pytest.raises(RoomUnsureError):
            async with book.turn() as third:
                await usage(world, third, user, 3)
        alone = asyncio.create_task(taken_alone(world, book, user))
        await asyncio.sleep(0.05)
        late = asyncio.create_task(taken(world, book, user))
        await asyncio.sleep(0.05)
        assert not alone.done() and not late.done(), "alone waits for who is at it, and lets nobody go first"
        book.note([(user.id, IN_IT)] * 3)
    # What was noted was never stored here: alone, the history itself is asked.
    assert await alone == 5
    assert await late == 5


async def taken_alone(world, book, user):
    async with book.turn(alone=True) as turn:
        return (await usage(world, turn, user, 3)).room


async def taken(world, book, user):
    async with book.turn() as turn:
        return (await usage(world, turn, user, 1)).room


async def test_a_turn_that_fails_makes_the_book_read_again(world, make_user):
    user, book = await make_user("free"), QuotaBook()
    assert await taken(world, book, user) == 5
    book.note([(user.id, IN_IT)] * 4)
    assert await taken(world, book, user) == 1
    with pytest.raises(OSError, match="gone"):
        async with book.turn():
            raise OSError("gone")
    assert await taken(world, book, user) == 5


async def test_another_process_is_waited_for_and_ends_counting_in_memory(world, make_user, monkeypatch):
    monkeypatch.setattr(quota_book, "LOOK_SECONDS", 0.0)
    user, mine, theirs = await make_user("free"), QuotaBook(), QuotaBook()
    async with world.worker.engine.connect() as here, mine.storing(here, nothing):
        assert await taken(world, mine, user) == 5
        mine.note([(user.id, IN_IT)] * 2)
        assert await taken(world, mine, user) == 3
        async with world.worker.engine.connect() as there:
            began = asyncio.get_running_loop().time()
            async with theirs.storing(there, nothing):
                assert asyncio.get_running_loop().time() - began >= 1
                assert await taken(world, mine, user) == 5, "read from the history, not counted"
            await there.execute(text("select pg_advisory_unlock_all()"))
        assert await taken(world, mine, user) == 5
