"""Live messages to open pages: one Redis pattern subscription a process, fanned out to its users' queues."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.logging import get_logger
from backend.core.redis import ALERT_CHANNEL_PATTERN

log = get_logger(__name__)

RELOAD = {"type": "reload"}
QUEUE_SIZE = 256
_PING_SECONDS = 10.0
_SILENCE_SECONDS = 25.0
_LONGEST_WAIT_SECONDS = 5.0

Message = dict[str, Any]


class LiveHub:
    """Gives each subscriber a queue of decoded messages for one user.

    A subscriber may miss messages while Redis is away or when it reads too slowly; it then finds `{"type": "reload"}`
    in its queue, which says: read the state anew. A message is a copy of what is already stored, so nothing is lost.
    """

    def __init__(self, redis: Redis, pattern: str = ALERT_CHANNEL_PATTERN) -> None:
        """Listen to the channels `pattern` names: a prefix, then `*` for the user's id."""
        self._redis = redis
        self._pattern = pattern
        self._prefix = pattern.rstrip("*")
        self._queues: dict[str, set[asyncio.Queue[Message]]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        self._was_subscribed = False

    @asynccontextmanager
    async def subscribe(self, user_id: UUID | str, wait_seconds: float = 3.0) -> AsyncIterator[asyncio.Queue[Message]]:
        """Yield a queue that receives every message published for the user from now on.

        Waits up to `wait_seconds` for the subscription to stand; when Redis is away it yields all the same, and the
        queue gets a reload marker once the subscription stands.
        """
        queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE_SIZE)
        key = str(user_id)
        self._queues.setdefault(key, set()).add(queue)
        try:
            self.start()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds):
                    await self._subscribed.wait()
            yield queue
        finally:
            subscribers = self._queues.get(key, set())
            subscribers.discard(queue)
            if not subscribers:
                self._queues.pop(key, None)

    def start(self) -> None:
        """Start listening if nobody does yet (needs a running event loop)."""
        if self._listener is None or self._listener.done():
            self._subscribed.clear()
            self._listener = asyncio.create_task(self._listen(), name="live-hub")

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None

    @property
    def subscribers(self) -> int:
        """How many queues are being fed."""
        return sum(len(queues) for queues in self._queues.values())

    async def _listen(self) -> None:
        wait = 0.1
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.psubscribe(self._pattern)
                    await self._receive(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                wait = 0.1 if self._subscribed.is_set() else min(wait * 2, _LONGEST_WAIT_SECONDS)
                self._subscribed.clear()
                log.warning("live subscription lost", error=type(error).__name__, retry_in_seconds=wait)
            await asyncio.sleep(wait)

    async def _receive(self, pubsub: Any) -> None:
        loop = asyncio.get_running_loop()
        heard_at = pinged_at = loop.time()
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=False, timeout=_PING_SECONDS)
            now = loop.time()
            if message is not None:
                heard_at = now
                self._handle(message)
            if now - heard_at > _SILENCE_SECONDS:
                raise TimeoutError("no answer to ping")
            if now - pinged_at >= _PING_SECONDS:
                pinged_at = now
                await pubsub.ping()

    def _handle(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "psubscribe":
            # Also sent when the client library reconnected behind our back: what was published meanwhile is missed.
            if self._was_subscribed:
                self._broadcast_reload()
            self._was_subscribed = True
            self._subscribed.set()
        elif kind == "pmessage":
            channel = message["channel"].decode(errors="replace")
            queues = self._queues.get(channel.removeprefix(self._prefix))
            if queues:
                self._deliver(queues, message["data"])

    def _deliver(self, queues: set[asyncio.Queue[Message]], data: bytes) -> None:
        try:
            decoded = orjson.loads(data)
        except orjson.JSONDecodeError:
            log.warning("live message is not JSON")
            return
        if isinstance(decoded, dict):
            for queue in queues:
                _put(queue, decoded)

    def _broadcast_reload(self) -> None:
        for queues in self._queues.values():
            for queue in queues:
                _put(queue, RELOAD)


def _put(queue: asyncio.Queue[Message], message: Message) -> None:
    """Put a message; a full queue is emptied and says reload instead, so a slow reader never holds old news."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = RELOAD
    queue.put_nowait(message)
