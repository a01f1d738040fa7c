"""The dispatcher: takes due messages from the outbox and sends them as webhooks, each at least once.

A message is taken with a lease in the database, so a dispatcher that dies loses nothing: another one (or the next run)
takes it when the lease ends, and sends it under the same id. Several dispatchers may run side by side.
"""

import asyncio
import random
from collections import Counter
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import now_seconds
from backend.core.db import Database
from backend.core.errors import RemoteError
from backend.core.http import Answer, OutgoingHttp
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.core.telemetry import deliveries, outbox_pending
from backend.notifications import repository
from backend.notifications.circuits import Circuits
from backend.notifications.repository import ClaimedMessage, Outcome
from backend.notifications.service import signing_secrets
from backend.notifications.webhook import webhook_body, webhook_headers
from backend.worker.mails import run_mails

log = get_logger(__name__)

RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
JITTER = 0.1
MOST_IN_FLIGHT = 128
MOST_PER_HOST = 16
OUTCOMES_AT_ONCE = 500
POLL_SECONDS = 0.1
LEASE_MARGIN_SECONDS = 15.0
LONGEST_ASKED_WAIT_SECONDS = 60.0
GIVE_UP_SECONDS = 900.0
_HOUSEKEEPING_SECONDS = 5.0
_LEAVE_SECONDS = 5.0
_GAVE_UP = "The receiver kept failing for 15 minutes, so this message was not tried again."


async def run(settings: Settings) -> None:
    """Send webhooks and mails that are due until cancelled; goes on by itself when PostgreSQL comes back."""
    database = Database(settings.worker_database_url, pool_size=8)
    try:
        async with (
            OutgoingHttp(
                timeout_seconds=settings.webhook_timeout_seconds, allow_private=settings.webhook_allow_private
            ) as http,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(Dispatcher(settings, database, http).run(), name="webhooks")
            group.create_task(run_mails(settings, database), name="mails")
    finally:
        await database.close()


class Dispatcher:
    """Keeps up to MOST_IN_FLIGHT deliveries going, at most MOST_PER_HOST to one host.

    A receiver that answers slowly fills its own places and no others; one that fails again and again rests.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        http: OutgoingHttp,
        *,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
        circuits: Circuits | None = None,
        lease_margin_seconds: float = LEASE_MARGIN_SECONDS,
    ) -> None:
        self._settings = settings
        self._database = database
        self._http = http
        self._retry_seconds = retry_seconds
        self._circuits = circuits or Circuits(lambda: asyncio.get_running_loop().time())
        self._lease_seconds = settings.webhook_timeout_seconds + lease_margin_seconds
        self._in_flight: dict[asyncio.Task[None], ClaimedMessage] = {}
        self._hosts: Counter[str] = Counter()
        self._outcomes: list[Outcome] = []
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled; then let what is on its way arrive, and hand the rest back."""
        helpers = [
            asyncio.create_task(self._keep_house(), name="outbox-housekeeping"),
            asyncio.create_task(self._record(), name="outbox-recording"),
        ]
        try:
            while True:
                taken = await self._take()
                if len(self._in_flight) >= MOST_IN_FLIGHT:
                    await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
                elif not taken:
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._leave()

    async def _take(self) -> int:
        """Start every delivery that is due and has a place; return how many were started."""
        room = MOST_IN_FLIGHT - len(self._in_flight)
        if room <= 0:
            return 0
        try:
            async with self._database.unit_of_work() as session:
                messages = await repository.claim_due(
                    session,
                    limit=room,
                    lease_seconds=self._lease_seconds,
                    per_host=MOST_PER_HOST,
                    host_room={host: MOST_PER_HOST - busy for host, busy in self._hosts.items() if busy > 0},
                    resting=self._circuits.resting(),
                )
                secrets = await self._secrets(session, messages)
        except (SQLAlchemyError, OSError) as error:
            log.warning("outbox unreachable", error=type(error).__name__)
            await asyncio.sleep(1.0)
            return 0
        for message in messages:
            self._hosts[message.host] += 1
            self._circuits.started(message.destination)
            task = asyncio.create_task(self._deliver(message, secrets[message.user_id]), name=f"webhook-{message.id}")
            self._in_flight[task] = message
            task.add_done_callback(self._done)
        return len(messages)

    def _done(self, task: asyncio.Task[None]) -> None:
        message = self._in_flight.pop(task)
        self._hosts[message.host] -= 1
        if self._hosts[message.host] <= 0:
            del self._hosts[message.host]
        if not task.cancelled() and (error := task.exception()):
            self._circuits.failed(message.destination)
            log.error("delivery broke", message_id=str(message.id), exc_info=error)

    async def _secrets(self, session: AsyncSession, messages: list[ClaimedMessage]) -> dict[UUID, tuple[str, ...]]:
        """Return what signs these messages, by user."""
        if not messages:
            return {}
        return await signing_secrets(session, {message.user_id for message in messages}, self._settings)

    async def _deliver(self, message: ClaimedMessage, secrets: tuple[str, ...]) -> None:
        answer, problem = await self._send(message, secrets)
        wait = None
        if problem is None:
            self._circuits.succeeded(message.destination)
        else:
            self._circuits.failed(message.destination)
            wait = self._next_wait(message.attempts, answer)
        outcome = Outcome(
            message_id=message.id,
            attempts=message.attempts,
            sent=problem is None,
            status_code=answer.status if answer else None,
            error=problem,
            retry_in_seconds=wait,
        )
        deliveries.labels("webhook", "retry" if outcome.status == "pending" else outcome.status).inc()
        log.info("webhook", message_id=str(message.id), attempt=message.attempts, status=outcome.status, reason=problem)
        self._outcomes.append(outcome)
        self._ended.set()

    async def _send(self, message: ClaimedMessage, secrets: tuple[str, ...]) -> tuple[Answer | None, str | None]:
        """Return the answer and what is wrong with it (None: the receiver took the message)."""
        body = webhook_body(message)
        if not secrets:
            return None, "It could not be signed. We are looking into it."
        headers = webhook_headers(message.id, secrets, int(now_seconds()), body)
        try:
            answer = await self._http.post(message.destination, body, headers)
        except RemoteError as error:
            return None, error.message
        if 200 <= answer.status < 300:
            return answer, None
        if 300 <= answer.status < 400:
            return answer, f"The receiver answered {answer.status}: redirects are not followed."
        return answer, f"The receiver answered {answer.status}."

    def _next_wait(self, attempts: int, answer: Answer | None) -> float | None:
        """Return the seconds until the next attempt, None when this was the last."""
        if attempts > len(self._retry_seconds):
            return None
        wait = self._retry_seconds[attempts - 1]
        wait += random.uniform(0, wait * JITTER)  # noqa: S311 - spreads load, hides nothing
        asked = answer.retry_after_seconds if answer else None
        return max(wait, min(asked, LONGEST_ASKED_WAIT_SECONDS)) if asked else wait

    async def _record(self) -> None:
        """Write outcomes as they come, those that came meanwhile together.

        While PostgreSQL is away they wait here; those it never hears of are sent again after their lease.
        """
        while True:
            await self._ended.wait()
            self._ended.clear()
            while self._outcomes:
                try:
                    await self._write_outcomes()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("outcomes wait for the database", count=len(self._outcomes), error=type(error).__name__)
                    await asyncio.sleep(1.0)

    async def _write_outcomes(self) -> None:
        batch = self._outcomes[:OUTCOMES_AT_ONCE]
        if batch:
            async with self._database.unit_of_work() as session:
                await repository.record_outcomes(session, batch)
            del self._outcomes[: len(batch)]

    async def _keep_house(self) -> None:
        """Measure what waits, and give up on what waited too long behind a receiver that keeps failing."""
        while True:
            try:
                async with self._database.unit_of_work() as session:
                    outbox_pending.set(await repository.count_waiting(session))
                    if failing := self._circuits.failing_for(GIVE_UP_SECONDS):
                        buried = await repository.bury_waiting(session, failing, GIVE_UP_SECONDS, _GAVE_UP)
                        deliveries.labels("webhook", "dead").inc(buried)
            except (SQLAlchemyError, OSError) as error:
                log.warning("outbox unreachable", error=type(error).__name__)
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)

    async def _leave(self) -> None:
        """Wait a moment for deliveries on their way; hand back what has not arrived by then."""
        unsent: list[ClaimedMessage] = []
        if self._in_flight:
            _, late = await asyncio.wait(self._in_flight, timeout=_LEAVE_SECONDS)
            unsent = [self._in_flight[task] for task in late if task in self._in_flight]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            while self._outcomes:
                await self._write_outcomes()
            if unsent:
                async with self._database.unit_of_work() as session:
                    await repository.hand_back(session, [(message.id, message.attempts) for message in unsent])
        except (SQLAlchemyError, OSError) as error:
            log.warning("left without the database; leases will end", error=type(error).__name__)
