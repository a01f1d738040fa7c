"""Keeping the outbox in order: what is held goes out in time, what nobody knows of is marked, what is lost given up."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.telemetry import deliveries, outbox_pending
from backend.notifications import dispatch_repository
from backend.notifications.bundles import release_held
from backend.notifications.channels.registry import DEDUPING
from backend.notifications.circuits import Circuits

log = get_logger(__name__)
GIVE_UP_SECONDS = 900.0
ROUND_SECONDS = 1.0
_ROUNDS_BETWEEN_LOOKS = 5
_GAVE_UP = "The receiver kept failing for 15 minutes, so this message was not tried again."
_UNSERVED = "This channel is not set up on this server."
_MAYBE = "We stopped while it was being sent: it may have arrived. Send it again if it has not."


class OutboxHouse:
    """What the dispatcher does beside sending."""

    def __init__(self, database: Database, served: tuple[str, ...], circuits: Circuits) -> None:
        self._database = database
        self._served = served
        self._circuits = circuits

    async def run(self) -> None:
        """Keep order until cancelled; a database that is away is asked again."""
        rounds = 0
        while True:
            try:
                await self._release_held()
                await self._mark_maybe_sent()
                if rounds % _ROUNDS_BETWEEN_LOOKS == 0:
                    await self._give_up()
            except (SQLAlchemyError, OSError) as error:
                log.warning("outbox unreachable", error=type(error).__name__)
            rounds += 1
            await asyncio.sleep(ROUND_SECONDS)

    async def _release_held(self) -> None:
        """Let go what is due of what is held, some groups at a time."""
        while True:
            async with self._database.unit_of_work() as session:
                if not await release_held(session):
                    return

    async def _mark_maybe_sent(self) -> None:
        async with self._database.unit_of_work() as session:
            if marked := await dispatch_repository.mark_maybe_sent(session, DEDUPING, _MAYBE):
                log.warning("messages may have been sent by a dispatcher that died", count=marked)

    async def _give_up(self) -> None:
        """Measure what waits, and give up on what waited too long behind a receiver that keeps failing."""
        async with self._database.unit_of_work() as session:
            outbox_pending.set(await dispatch_repository.count_waiting(session))
            if failing := self._circuits.failing_for(GIVE_UP_SECONDS):
                buried = await dispatch_repository.bury_waiting(session, failing, GIVE_UP_SECONDS, _GAVE_UP)
                deliveries.labels("all", "dead").inc(buried)
            await dispatch_repository.bury_unserved(session, self._served, _UNSERVED)
