"""The dispatcher: takes due messages from the outbox and hands them to their channels.

A message is taken with a lease in the database and the id of the attempt, before anything is sent. A dispatcher that
dies loses nothing: where receivers know a message by its id another one sends it again under that id when the lease
ends; elsewhere it becomes `maybe_sent`, which its user sees and may send again. Several may run side by side.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.db import Database
from backend.core.errors import UnavailableError
from backend.core.logging import get_logger
from backend.core.sealing import unseal
from backend.core.settings import Settings
from backend.core.telemetry import deliveries
from backend.notifications import channels_repository, dispatch_repository
from backend.notifications.channels.port import Channel, ChannelError, Exchange, OutgoingMessage, Receipt
from backend.notifications.channels.words import text_of, title_of
from backend.notifications.circuits import Circuits
from backend.notifications.dispatch_repository import ClaimedMessage, Outcome
from backend.notifications.service import TESTS, signing_secrets
from backend.worker.outbox_house import OutboxHouse
from backend.worker.outcomes import OutcomeWriter
from backend.worker.pacing import ChannelLine

log = get_logger(__name__)

RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
JITTER = 0.1
POLL_SECONDS = 0.1
BUSY_SECONDS = 0.03
LEASE_MARGIN_SECONDS = 15.0
LONGEST_ASKED_WAIT_SECONDS = {"webhook": 60.0}
LONGEST_ASKED_WAIT_OF_PROVIDERS_SECONDS = 900.0
MOST_KEPT_OF_A_RECEIPT = 300
_LEAVE_SECONDS = 5.0
_REMOVED = "The channel was removed, so there is nowhere to send it."
_LOCKED_AWAY = "Where it goes cannot be read. We are looking into it."
_BROKE = "Something went wrong on our side while it was sent."


class Dispatcher:
    """Keeps each channel's deliveries going, in the places and at the pace that it has.

    A receiver that answers slowly fills its own places and no others; one that fails again and again rests.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
        circuits: Circuits | None = None,
        lease_margin_seconds: float = LEASE_MARGIN_SECONDS,
    ) -> None:
        now = asyncio.get_running_loop().time
        self._settings = settings
        self._database = database
        self._lines = {name: ChannelLine(channel, now) for name, channel in channels.items()}
        self._retry_seconds = retry_seconds
        self._circuits = circuits or Circuits(now)
        self._timeout_seconds = settings.webhook_timeout_seconds + 5.0  # the channels' own comes first
        self._lease_seconds = settings.webhook_timeout_seconds + lease_margin_seconds
        self._in_flight: dict[asyncio.Task[None], ClaimedMessage] = {}
        self._outcomes = OutcomeWriter(database)
        self._house = OutboxHouse(database, tuple(channels), self._circuits)

    async def run(self) -> None:
        """Send until cancelled; then let what is on its way arrive, and hand the rest back."""
        helpers = [
            asyncio.create_task(self._house.run(), name="outbox-housekeeping"),
            asyncio.create_task(self._outcomes.run(), name="outbox-recording"),
        ]
        try:
            while True:
                taken = await self._take()
                # Places that become free are filled several at a time: looking for what is due costs the same for all.
                await asyncio.sleep(BUSY_SECONDS if taken else POLL_SECONDS)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._leave()

    async def _take(self) -> int:
        """Start every delivery that is due and has a place; return how many were started."""
        open_lines = [name for name, line in self._lines.items() if line.room() > 0]
        taken = 0
        try:
            async with self._database.unit_of_work() as session:
                due = await dispatch_repository.channels_with_due(session, open_lines) if open_lines else ()
            for name in due:
                taken += await self._take_of(self._lines[name])
        except (SQLAlchemyError, OSError) as error:
            log.warning("outbox unreachable", error=type(error).__name__)
            await asyncio.sleep(1.0)
        return taken

    async def _take_of(self, line: ChannelLine) -> int:
        channel, resting = line.channel, self._circuits.resting()
        limit = min(line.room(), resting.get(channel.name, line.room()))
        if limit <= 0:
            return 0
        async with self._database.unit_of_work() as session:
            messages = await dispatch_repository.claim_due(
                session,
                channel=channel.name,
                dedupes=channel.dedupes,
                limit=limit,
                lease_seconds=self._lease_seconds,
                per_lane=channel.pace.at_once_per_target,
                lane_room=line.lane_room(),
                resting=resting,
            )
            sealed = await channels_repository.sealed_targets(session, [m.channel_id for m in messages if m.channel_id])
            secrets = await self._secrets(session, channel, messages)
        for message in messages:
            line.started(message.lane)
            self._circuits.started(message.destination if channel.name == "webhook" else channel.name)
            sealed_target = sealed.get(message.channel_id) if message.channel_id else None
            task = asyncio.create_task(
                self._deliver(line, message, sealed_target, secrets.get(message.user_id, ())),
                name=f"{channel.name}-{message.id}",
            )
            self._in_flight[task] = message
            task.add_done_callback(self._done)
        return len(messages)

    async def _secrets(
        self, session: AsyncSession, channel: Channel, messages: Sequence[ClaimedMessage]
    ) -> dict[UUID, tuple[str, ...]]:
        """Return what signs these messages, by user."""
        if channel.name != "webhook" or not messages:
            return {}
        return await signing_secrets(session, {message.user_id for message in messages}, self._settings)

    def _done(self, task: asyncio.Task[None]) -> None:
        message = self._in_flight.pop(task)
        self._lines[message.channel].ended(message.lane)
        if not task.cancelled() and (error := task.exception()):
            log.error("delivery broke", message_id=str(message.id), exc_info=error)

    async def _deliver(
        self, line: ChannelLine, claimed: ClaimedMessage, sealed: bytes | None, secrets: tuple[str, ...]
    ) -> None:
        try:
            receipt = await self._send(line.channel, claimed, sealed, secrets)
        except ChannelError as error:
            outcome = self._failure(line, claimed, error)
        else:
            self._circuits.succeeded(self._circuit_of(claimed))
            outcome = Outcome(
                message_id=claimed.id,
                attempt_id=claimed.attempt_id,
                status="sent",
                status_code=receipt.status_code,
                receipt=_kept(claimed, receipt.exchange, receipt.reference),
                channel_id=claimed.channel_id,
            )
        deliveries.labels(claimed.channel, "retry" if outcome.status == "pending" else outcome.status).inc()
        log.info(
            "delivery",
            channel=claimed.channel,
            message_id=str(claimed.id),
            attempt=claimed.attempts,
            status=outcome.status,
            reason=outcome.error,
        )
        self._outcomes.add(outcome)

    async def _send(
        self, channel: Channel, claimed: ClaimedMessage, sealed: bytes | None, secrets: tuple[str, ...]
    ) -> Receipt:
        message = _outgoing(claimed, _target(claimed, sealed), secrets)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await channel.send(message)
        except ChannelError:
            raise
        except TimeoutError:
            seconds = self._settings.webhook_timeout_seconds
            raise ChannelError(
                f"No answer within {seconds:g} seconds.", retryable=True, maybe_sent=True, about_provider=True
            ) from None
        except Exception as error:
            log.error("sending broke", channel=claimed.channel, message_id=str(claimed.id), exc_info=error)
            raise ChannelError(_BROKE, retryable=True, maybe_sent=True, about_provider=True) from error

    def _failure(self, line: ChannelLine, claimed: ClaimedMessage, error: ChannelError) -> Outcome:
        """Return what becomes of a message that was not taken, and let rest what should."""
        channel = line.channel
        if channel.name == "webhook" or error.about_provider:
            self._circuits.failed(self._circuit_of(claimed))
        else:
            self._circuits.succeeded(self._circuit_of(claimed))  # it answered, about this message
        if error.retry_after_seconds and channel.name != "webhook":
            line.rest(claimed.lane, min(error.retry_after_seconds, LONGEST_ASKED_WAIT_OF_PROVIDERS_SECONDS))
        wait = self._next_wait(claimed, error)
        status = "dead" if wait is None else "pending"
        if error.maybe_sent and not channel.dedupes:
            status = "maybe_sent"
        return Outcome(
            message_id=claimed.id,
            attempt_id=claimed.attempt_id,
            status=status,
            status_code=error.status_code,
            error=error.message,
            retry_in_seconds=wait,
            receipt=_kept(claimed, error.exchange, None),
            channel_id=claimed.channel_id,
            is_broken=error.broken,
        )

    def _circuit_of(self, claimed: ClaimedMessage) -> str:
        return claimed.destination if claimed.channel == "webhook" else claimed.channel

    def _next_wait(self, claimed: ClaimedMessage, error: ChannelError) -> float | None:
        """Return the seconds until the next attempt, None when there is none. A test is tried once."""
        tries = len(self._retry_seconds)
        if not error.retryable or claimed.attempts > tries or claimed.event_type == TESTS.channel:
            return None
        wait = self._retry_seconds[claimed.attempts - 1]
        wait += random.uniform(0, wait * JITTER)  # noqa: S311 - spreads load, hides nothing
        longest = LONGEST_ASKED_WAIT_SECONDS.get(claimed.channel, LONGEST_ASKED_WAIT_OF_PROVIDERS_SECONDS)
        return max(wait, min(error.retry_after_seconds or 0.0, longest))

    async def _leave(self) -> None:
        """Wait a moment for what is on its way; hand back what has not arrived by then, or say that it may have."""
        late: list[ClaimedMessage] = []
        if self._in_flight:
            _, tasks = await asyncio.wait(self._in_flight, timeout=_LEAVE_SECONDS)
            late = [self._in_flight[task] for task in tasks if task in self._in_flight]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        back = [(each.id, each.attempt_id) for each in late if self._lines[each.channel].channel.dedupes]
        for each in late:
            if not self._lines[each.channel].channel.dedupes:
                self._outcomes.add(
                    Outcome(message_id=each.id, attempt_id=each.attempt_id, status="maybe_sent", error=_BROKE)
                )
        try:
            await self._outcomes.write_all()
            if back:
                async with self._database.unit_of_work() as session:
                    await dispatch_repository.hand_back(session, back)
        except (SQLAlchemyError, OSError) as error:
            log.warning("left without the database; leases will end", error=type(error).__name__)


def _target(claimed: ClaimedMessage, sealed: bytes | None) -> str:
    """Return where a message goes. Raises ChannelError when that is gone or cannot be read."""
    if sealed is not None:
        try:
            return unseal(sealed)
        except UnavailableError:
            raise ChannelError(_LOCKED_AWAY, retryable=True) from None
    if claimed.channel in ("webhook", "email"):  # these destinations are the targets themselves
        return claimed.destination
    raise ChannelError(_REMOVED)


def _outgoing(claimed: ClaimedMessage, target: str, secrets: tuple[str, ...]) -> OutgoingMessage:
    return OutgoingMessage(
        id=claimed.id,
        user_id=claimed.user_id,
        event_type=claimed.event_type,
        target=target,
        title=title_of(claimed.event_type, claimed.payload),
        text=text_of(claimed.payload),
        payload=claimed.payload,
        created_at=claimed.created_at,
        kind=claimed.kind,
        alert_id=claimed.alert_id,
        rule_id=claimed.alert_rule_id,
        channel_id=claimed.channel_id,
        count=int(claimed.payload.get("count") or 1),
        attempt=claimed.attempts,
        attempt_id=claimed.attempt_id,
        secrets=secrets,
    )


def _kept(claimed: ClaimedMessage, exchange: Exchange | None, reference: str | None) -> dict[str, object] | None:
    """Return what is kept of an attempt: all of a test's exchange, else what the answer began with."""
    kept: dict[str, object] = {"attemptId": str(claimed.attempt_id)}
    if reference:
        kept["reference"] = reference[:200]
    if exchange is None:
        return kept if reference else None
    if claimed.event_type in (TESTS.channel, TESTS.webhook):
        return kept | asdict(exchange)
    return kept | {
        "status": exchange.status,
        "seconds": exchange.seconds,
        "body": exchange.body[:MOST_KEPT_OF_A_RECEIPT],
    }
