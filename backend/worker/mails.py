"""The mail dispatcher: takes due mails from the outbox and sends them, each at least once under one Message-ID.

A mail is taken with a lease in the database, as a webhook is: a dispatcher that dies loses nothing. While the provider
is away a circuit breaker lets one mail try at a time; a mail is given up after a day, or at once when it is refused.
"""

import asyncio
import logging
import random
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database
from backend.core.errors import error_text
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.core.telemetry import deliveries, mails_oldest_waiting
from backend.notifications.circuits import Circuits
from backend.notifications.mail import repository
from backend.notifications.mail.adapters import TIMEOUT_SECONDS, mail_port
from backend.notifications.mail.outbox import opened_attachments, opened_content
from backend.notifications.mail.port import (
    MailDeferredError,
    MailPort,
    MailProblem,
    MailRefusedError,
    MailUnavailableError,
    OutgoingMail,
)
from backend.notifications.mail.repository import ClaimedMail

log = get_logger(__name__)
MOST_IN_FLIGHT = 8
JITTER = 0.25
LONGEST_ASKED_WAIT_SECONDS = 900.0
_WAY_OUT = "mail"  # the one destination of the circuit breaker
_LEAVE_SECONDS = 5.0
_MEASURE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class MailTimes:
    """Seconds: after each failure (the last one again and again), until a mail is given up, of a lease, of a look."""

    retry: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 60.0, 300.0)
    give_up: float = 86_400.0
    lease: float = TIMEOUT_SECONDS + 15.0
    poll: float = 0.25
    failures_before_rest: int = 5
    rest: float = 15.0


async def run_mails(settings: Settings, database: Database) -> None:
    """Send mails until cancelled."""
    async with mail_port(settings, database) as port:
        log.info("mails go out", by=port.name)
        await MailDispatcher(database, port).run()


class MailDispatcher:
    """Keeps up to MOST_IN_FLIGHT mails on their way."""

    def __init__(self, database: Database, port: MailPort, times: MailTimes | None = None) -> None:
        self._database = database
        self._port = port
        self._times = times or MailTimes()
        self._circuit = Circuits(
            lambda: asyncio.get_running_loop().time(), self._times.failures_before_rest, self._times.rest
        )
        self._in_flight: dict[asyncio.Task[None], ClaimedMail] = {}

    async def run(self) -> None:
        """Send until cancelled; then let what is on its way arrive, and leave the rest to the next."""
        measuring = asyncio.create_task(self._measure(), name="mails-measuring")
        try:
            while True:
                if not await self._take():
                    await asyncio.sleep(self._times.poll)
        finally:
            measuring.cancel()
            await asyncio.gather(measuring, return_exceptions=True)
            await self._leave()

    async def _take(self) -> int:
        """Start the mails that are due and may go now; return how many were started."""
        room = MOST_IN_FLIGHT - len(self._in_flight)
        room = min(room, self._circuit.resting().get(_WAY_OUT, room))
        if room <= 0:
            return 0
        try:
            async with self._database.unit_of_work() as session:
                mails = await repository.claim_due(session, room, self._times.lease)
        except (SQLAlchemyError, OSError) as error:
            log.warning("mail outbox unreachable", error=type(error).__name__)
            await asyncio.sleep(1.0)
            return 0
        for mail in mails:
            self._circuit.started(_WAY_OUT)
            task = asyncio.create_task(self._deliver(mail), name=f"mail-{mail.id}")
            self._in_flight[task] = mail
            task.add_done_callback(self._done)
        return len(mails)

    def _done(self, task: asyncio.Task[None]) -> None:
        mail = self._in_flight.pop(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a mail's outcome was not written", mail_id=str(mail.id), exc_info=error)

    async def _deliver(self, mail: ClaimedMail) -> None:
        problem = await self._send(mail)
        wait = self._next_wait(mail, problem) if problem else None
        outcome = "sent" if problem is None else "dead" if wait is None else "retry"
        deliveries.labels("mail", outcome).inc()
        log.log(
            logging.ERROR if outcome == "dead" else logging.INFO,
            "mail",
            mail_id=str(mail.id),
            template=mail.template,
            attempt=mail.attempts,
            outcome=outcome,
            reason=problem.message if problem else None,
        )
        await self._record(mail, problem, wait)

    async def _send(self, mail: ClaimedMail) -> MailProblem | None:
        """Return what was wrong, None when the mail was taken."""
        try:
            content = opened_content(mail.content)
            await self._port.send(
                OutgoingMail(
                    mail.id,
                    mail.recipient,
                    content.subject,
                    content.html,
                    content.text,
                    mail.written_at,
                    attachments=opened_attachments(mail.content),
                )
            )
        except (MailRefusedError, MailDeferredError) as problem:
            self._circuit.succeeded(_WAY_OUT)  # it answered, about this mail
            return problem
        except MailUnavailableError as problem:
            self._circuit.failed(_WAY_OUT)
            return problem
        except Exception as error:
            # Such as a key of ours that is missing: it may be back with the next start, and must not cost mails.
            self._circuit.failed(_WAY_OUT)
            log.error("sending a mail broke", mail_id=str(mail.id), exc_info=error)
            return MailDeferredError(error_text(error))
        self._circuit.succeeded(_WAY_OUT)
        return None

    def _next_wait(self, mail: ClaimedMail, problem: MailProblem) -> float | None:
        """Return the seconds until the next try, None when there is none."""
        if isinstance(problem, MailRefusedError) or mail.age_seconds > self._times.give_up:
            return None
        wait = self._times.retry[min(mail.attempts, len(self._times.retry)) - 1]
        wait *= random.uniform(1.0, 1.0 + JITTER)  # noqa: S311 - spreads load, hides nothing
        return max(wait, min(problem.retry_after_seconds or 0.0, LONGEST_ASKED_WAIT_SECONDS))

    async def _record(self, mail: ClaimedMail, problem: MailProblem | None, wait: float | None) -> None:
        """Write how it went. What the database never hears of is sent again after the lease."""
        while True:
            try:
                async with self._database.unit_of_work() as session:
                    if problem is None:
                        await repository.record_sent(session, mail)
                    else:
                        await repository.record_failure(session, mail, problem.message, wait)
                return
            except (SQLAlchemyError, OSError) as error:
                log.warning("an outcome waits for the database", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _measure(self) -> None:
        while True:
            try:
                async with self._database.unit_of_work() as session:
                    mails_oldest_waiting.set(await repository.oldest_waiting_seconds(session))
            except (SQLAlchemyError, OSError) as error:
                log.warning("mail outbox unreachable", error=type(error).__name__)
            await asyncio.sleep(_MEASURE_SECONDS)

    async def _leave(self) -> None:
        """Wait a moment for mails on their way; what has not left by then goes after its lease, since it may have."""
        if self._in_flight:
            _, late = await asyncio.wait(self._in_flight, timeout=_LEAVE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
