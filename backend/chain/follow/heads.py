"""Where the chain's head may be: hints from WebSocket subscriptions and from polling.

A hint is only a reason to look: blocks are fetched through the pool and checked there, so a wrong hint costs a request.
"""

import asyncio
from typing import Any

from backend.chain.blocks import Header, parse_header
from backend.chain.fetch import BlockSource
from backend.chain.rpc.errors import RpcError
from backend.chain.rpc.provider import Provider
from backend.chain.rpc.websocket import WebSocketTransport
from backend.core.errors import PremiumError
from backend.core.logging import get_logger

RECONNECT_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
log = get_logger(__name__)


class HeadWatch:
    """Collects hints; `wait` returns the newest one. Use as an async context manager."""

    def __init__(
        self, source: BlockSource, websockets: list[Provider], poll_seconds: float, quiet_seconds: float
    ) -> None:
        self._source = source
        self._websockets = websockets
        self._poll_seconds = poll_seconds
        self._quiet_seconds = quiet_seconds
        self._hint: Header | None = None
        self._arrived = asyncio.Event()
        self._connected = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "HeadWatch":
        self._tasks = [asyncio.create_task(self._subscribe(provider)) for provider in self._websockets]
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self) -> Header:
        """Return the next head: told by a subscription, or looked up when none spoke for a while.

        With a live subscription the look-up is the safety net and rare; without, it is the poll. Raises RpcError or
        AllProvidersDownError when the look-up fails.
        """
        patience = self._quiet_seconds if self._connected else self._poll_seconds
        try:
            async with asyncio.timeout(patience):
                await self._arrived.wait()
        except TimeoutError:
            return await self._source.latest()
        self._arrived.clear()
        hint, self._hint = self._hint, None
        return hint if hint is not None else await self._source.latest()

    async def _subscribe(self, provider: Provider) -> None:
        attempt = 0
        while True:
            try:
                transport = provider.transport
                assert isinstance(transport, WebSocketTransport)
                async with transport.subscribe("newHeads") as queue:
                    attempt = 0
                    self._connected += 1
                    try:
                        await self._listen(queue)
                    finally:
                        self._connected -= 1
            except RpcError as error:
                log.info("no subscription to heads", provider=provider.label, reason=error.message[:160])
            self._arrived.set()  # the follower looks for itself until the subscription is back
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _listen(self, queue: "asyncio.Queue[Any]") -> None:
        while (message := await queue.get()) is not None:
            try:
                self._hint = parse_header(message)
            except PremiumError:
                self._hint = None
            self._arrived.set()
