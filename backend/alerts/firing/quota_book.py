"""What users have used of the hours and days of their plans, shared by all chains that a process stores alerts of."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.alerts.engine.quota import Period, Usage, periods_of
from backend.alerts.firing import repository

LOOK_SECONDS = 5.0
WAIT_SECONDS = 0.2
MOST_PERIODS = 6
Key = tuple[UUID, Period]


class RoomUnsureError(Exception):
    """Whether alerts fit can only be told when nobody else of this process is storing: begin again, alone."""


class QuotaBook:
    """What users have used of the hours and days.

    While no other process stores alerts, what was there when a period was opened and what was stored since is all there
    is, and is counted here. With other processes, or when the room is nearly used up, it is read from the history.

    Chains of one process store at the same time, each in a turn of its own. What a turn may store of a user is set
    aside until it ends, so that two turns never fill the same place; where that leaves too little to be sure, the turn
    ends with RoomUnsureError and is taken again `alone`.
    """

    def __init__(self) -> None:
        self._used: dict[Period, dict[UUID, int]] = {}  # each period that stands here is complete
        self._newest: dict[int, int] = {}  # by length, the number of the newest that was opened
        self._is_alone = False
        self._look_at = 0.0
        self._backends: set[int] = set()
        self._set_aside: Counter[Key] = Counter()
        self._noted = 0
        self._inside = 0
        self._wanted_alone = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def storing(
        self, connection: AsyncConnection, meanwhile: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Store through this connection for the length of a block; begins once all other processes know of it.

        While they are waited for, `meanwhile` is called again and again.
        """
        backend = await repository.announce_storing(connection)
        self._backends.add(backend)
        try:
            all_know_at = monotonic() + LOOK_SECONDS + 1
            while await repository.is_stored_by_others(connection, self._backends) and monotonic() < all_know_at:
                await connection.commit()
                await meanwhile()
                await asyncio.sleep(WAIT_SECONDS)
            await connection.commit()
            yield
        finally:
            self._backends.discard(backend)

    @asynccontextmanager
    async def turn(self, *, alone: bool = False) -> AsyncIterator["Turn"]:
        """Take a turn at storing, for one transaction, begun inside; `alone`: while no other turn is taken."""
        await self._enter(alone)
        turn = Turn(self)
        try:
            yield turn
        except RoomUnsureError:
            raise
        except BaseException:
            self._used, self._newest = {}, {}  # whether it was stored is not known: it is read again
            raise
        finally:
            self._set_aside -= turn.set_aside
            self._inside -= 1
            self._wanted_alone -= alone
            async with self._changed:
                self._changed.notify_all()

    def note(self, counted: Iterable[tuple[UUID, float]], step: int = 1) -> None:
        """Count alerts (user, block time) that were stored and told, after their commit; `step` -1: withdrawn."""
        self._noted += 1
        for user_id, taken_at in counted:
            for period in periods_of(taken_at):
                if (used := self._used.get(period)) is not None:
                    used[user_id] = max(0, used.get(user_id, 0) + step)

    async def _enter(self, alone: bool) -> None:
        """Wait for one's turn. Nothing is held in the database yet that others might wait for."""
        async with self._changed:
            if not alone:
                await self._changed.wait_for(lambda: not self._wanted_alone)
            else:
                self._wanted_alone += 1  # until the turn ends
                try:
                    await self._changed.wait_for(lambda: not self._inside)
                except BaseException:
                    self._wanted_alone -= 1
                    self._changed.notify_all()
                    raise
            self._inside += 1

    async def usage(
        self, session: AsyncSession, turn: "Turn", wanted: Mapping[UUID, int], tiers: Mapping[UUID, str],
        periods: Collection[Period],
    ) -> Mapping[Key, Usage]:  # fmt: skip
        """See `Turn.usage`."""
        await self._look_around(session)
        if self._is_alone:
            await self._open(session, periods)
        found: dict[Key, Usage] = {}
        asked: set[UUID] = set()
        for user_id, count in wanted.items():
            tier = tiers[user_id]
            for period in periods:
                most = repository.MOST.get((tier, period.seconds))
                if most is None:
                    continue
                used = self._used.get(period)
                if used is None or most - used.get(user_id, 0) - self._set_aside[user_id, period] < count:
                    asked.add(user_id)
                else:
                    found[user_id, period] = Usage(most, used.get(user_id, 0), tier)
        turn.set_aside.update({(user_id, period): count for user_id, count in wanted.items() for period in periods})
        self._set_aside += turn.set_aside
        return found | await self._read(session, asked, periods) if asked else found

    async def _look_around(self, session: AsyncSession) -> None:
        """See now and then whether other processes store alerts, which are not counted here."""
        if monotonic() < self._look_at:
            return
        is_alone = not await repository.is_stored_by_others(session, self._backends)
        if is_alone != self._is_alone:
            self._used, self._newest = {}, {}
        self._is_alone, self._look_at = is_alone, monotonic() + LOOK_SECONDS

    async def _open(self, session: AsyncSession, periods: Collection[Period]) -> None:
        """Make the periods stand in the book. One after all that are known has no alerts yet, or we had stored them."""
        for period in sorted(set(periods) - self._used.keys()):
            seconds, number = period
            newest = self._newest.get(seconds)
            if newest is not None and number > newest:
                self._used[period], self._newest[seconds] = {}, number
                self._drop_old(seconds, len(periods), period)
                continue
            self._be_sure()
            count = None if newest is None else 1
            told = await repository.told_by_period(session, seconds, number, count)
            self._used |= {period: {}} | told
            of_length = (each.number for each in self._used if each.seconds == seconds)
            self._newest[seconds] = max(of_length) if newest is None else newest
            self._drop_old(seconds, len(periods), period)

    def _drop_old(self, seconds: int, wanted: int, kept: Period) -> None:
        of_length = sorted(each for each in self._used if each.seconds == seconds)
        for old in of_length[: -wanted - MOST_PERIODS]:
            if old != kept:
                del self._used[old]

    async def _read(
        self, session: AsyncSession, asked: Collection[UUID], periods: Collection[Period]
    ) -> dict[Key, Usage]:
        """Read what users have used; processes wait for each other at the users, turns of one by being alone."""
        if self._is_alone:
            self._be_sure()
        noted = self._noted
        found = await repository.read_usage(session, sorted(asked), list(periods))
        for (user_id, period), each in found.items() if noted == self._noted else ():
            if period in self._used and each.used < each.most:  # at its limit, what is read stops counting
                self._used[period][user_id] = each.used
        return found

    def _be_sure(self) -> None:
        """Raise when turns of others may be about to store what a reading would not see."""
        if self._inside > 1:
            raise RoomUnsureError


class Turn:
    """One transaction's turn at storing."""

    def __init__(self, book: QuotaBook) -> None:
        self._book = book
        self.set_aside: Counter[Key] = Counter()

    async def usage(
        self, session: AsyncSession, wanted: Mapping[UUID, int], tiers: Mapping[UUID, str], periods: Collection[Period]
    ) -> Mapping[Key, Usage]:
        """Return what users have used of the periods, exactly for those whose number of `wanted` alerts might not fit.

        `tiers` are the users' plans; those without a limit are left out. Raises RoomUnsureError. Ask once a turn.
        """
        return await self._book.usage(session, self, wanted, tiers, periods)
