"""Delivery of events: signed, tried again until somebody answers 2xx, and as unreliable as a test wants it."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from backend.core.clock import now_seconds
from backend.core.logging import get_logger
from backend.test_payments.api.events import fits
from backend.test_payments.book.book import Book, public
from backend.test_payments.repository import Delivery, Records
from backend.test_payments.wire.signatures import signature_header

log = get_logger(__name__)
TIMEOUT_SECONDS = 20.0
AT_ONCE = 8
LONGEST_PAUSE_SECONDS = 3_600.0
GIVE_UP_ATTEMPTS = 90  # about three days


@dataclass
class Manners:
    """How deliveries misbehave: `hold` keeps all back, `copies` sends each so often, `shuffle` mixes the order."""

    hold: bool = False
    copies: int = 1
    shuffle: bool = False


@dataclass
class Postman:
    """Takes due deliveries from `records` and carries them out."""

    records: Records
    manners: Manners = field(default_factory=Manners)
    first_pause_seconds: float = 1.0  # between tries, doubled each time
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: set[int] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def post(self, book: Book, event: dict[str, Any]) -> None:
        """Put an event on its way to every endpoint that wants it (in the caller's transaction)."""
        for endpoint in book.all("webhook_endpoint", status="enabled"):
            if any(fits(pattern, event["type"]) for pattern in endpoint["enabled_events"]):
                for _ in range(self.manners.copies):
                    self.records.add_delivery(event["id"], endpoint["id"], now_seconds())
        self.wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as client:
            while True:
                self.wake.clear()
                await self._wait_for_work()
                self._start_due(client)

    async def _wait_for_work(self) -> None:
        if self._due() and len(self._tasks) < AT_ONCE:
            return
        next_at = None if self.manners.hold else self.records.next_delivery_at(after=now_seconds())
        pause = 30.0 if next_at is None else max(0.02, min(30.0, next_at - now_seconds()))
        try:
            async with asyncio.timeout(pause):
                await self.wake.wait()
        except TimeoutError:
            return

    def _due(self) -> list[Delivery]:
        if self.manners.hold:
            return []
        found = self.records.due_deliveries(now_seconds(), 1_000 if self.manners.shuffle else AT_ONCE * 4)
        return [each for each in found if each.number not in self._under_way]

    def _start_due(self, client: aiohttp.ClientSession) -> None:
        due = self._due()
        if self.manners.shuffle:
            random.shuffle(due)
        for delivery in due[: AT_ONCE - len(self._tasks)]:
            self._under_way.add(delivery.number)
            task = asyncio.create_task(self._deliver(client, delivery))
            self._tasks.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake.set()

    async def _deliver(self, client: aiohttp.ClientSession, delivery: Delivery) -> None:
        event, endpoint = (
            json.loads(self.records.load(each) or "null") for each in (delivery.event, delivery.endpoint)
        )
        outcome: str | None = "dropped"
        if event is not None and endpoint is not None and not endpoint.get("deleted"):
            outcome = await self._try(client, event, endpoint)
            if outcome is None and delivery.attempts + 1 >= GIVE_UP_ATTEMPTS:
                outcome = "given up"
        pause = min(LONGEST_PAUSE_SECONDS, self.first_pause_seconds * 2 ** min(delivery.attempts, 20))
        due = now_seconds() + pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries
        with self.records.transaction():
            self.records.note_attempt(delivery.number, done=outcome, due=due)
        self._under_way.discard(delivery.number)

    async def _try(self, client: aiohttp.ClientSession, event: dict[str, Any], endpoint: dict[str, Any]) -> str | None:
        """Return "delivered" for an answer of 2xx, else None."""
        shown = {**public(event), "pending_webhooks": self.records.open_deliveries(event["id"])}
        body = json.dumps(shown, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature_header(body, endpoint["_secret"], int(now_seconds())),
        }
        try:
            async with client.post(endpoint["url"], data=body, headers=headers, allow_redirects=False) as answer:
                if 200 <= answer.status < 300:
                    return "delivered"
                log.info("webhook refused", event_id=event["id"], type=event["type"], status=answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("webhook not delivered", event_id=event["id"], type=event["type"], reason=type(error).__name__)
        return None
