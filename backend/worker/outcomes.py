"""Writing down how deliveries ended, as they come; what comes meanwhile goes together."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database
from backend.core.logging import get_logger
from backend.notifications import channels_repository, dispatch_repository
from backend.notifications.dispatch_repository import Outcome

log = get_logger(__name__)
OUTCOMES_AT_ONCE = 500


class OutcomeWriter:
    """Keeps outcomes until the database has them; those it never hears of are found when their lease is over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outcomes: list[Outcome] = []
        self._ended = asyncio.Event()

    def add(self, outcome: Outcome) -> None:
        """Have an outcome written soon."""
        self._outcomes.append(outcome)
        self._ended.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            while self._outcomes:
                try:
                    await self._write_some()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("outcomes wait for the database", count=len(self._outcomes), error=type(error).__name__)
                    await asyncio.sleep(1.0)

    async def write_all(self) -> None:
        """Write what is left. Raises SQLAlchemyError or OSError when the database is away."""
        while self._outcomes:
            await self._write_some()

    async def _write_some(self) -> None:
        batch = self._outcomes[:OUTCOMES_AT_ONCE]
        if not batch:
            return
        used = {each.channel_id for each in batch if each.channel_id and each.status == "sent"}
        failed = {
            each.channel_id: (each.error or "", each.is_broken)
            for each in batch
            if each.channel_id and each.status != "sent" and each.channel_id not in used
        }
        async with self._database.unit_of_work() as session:
            await dispatch_repository.record_outcomes(session, batch)
            if used:
                await channels_repository.note_used(session, used)
            if failed:
                await channels_repository.note_failed(session, failed)
        del self._outcomes[: len(batch)]
