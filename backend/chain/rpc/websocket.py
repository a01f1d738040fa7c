"""JSON-RPC over one WebSocket: calls matched by id, and subscriptions as queues."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import aiohttp
import orjson

from backend.chain.rpc.errors import RpcError, RpcGarbageError, RpcTimeoutError, RpcUnreachableError
from backend.chain.rpc.transport import MAX_BODY_BYTES, Request, encode, match_ids, raise_if_error

_QUEUE_LIMIT = 1024


class WebSocketTransport:
    """One ws(s) URL, connected on first use and again after a break. Make it inside a running event loop."""

    def __init__(self, url: str, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._url = url
        self._max_body_bytes = max_body_bytes
        self._ids = count(1)
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, tuple[asyncio.Future[list[Any]], int]] = {}
        self._subscriptions: dict[str, asyncio.Queue[Any]] = {}
        self._connecting = asyncio.Lock()

    async def send(self, requests: list[Request], timeout_seconds: float) -> list[Any]:
        """Return for each request its result or its RpcError. Raises RpcError when the round trip as a whole failed."""
        first_id = next(self._ids)
        for _ in requests[1:]:
            next(self._ids)
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_seconds):
                socket = await self._connected()
                self._waiting[first_id] = (future, len(requests))
                await socket.send_str(encode(requests, first_id).decode())
                return await future
        except TimeoutError:
            raise RpcTimeoutError(f"no answer within {timeout_seconds:g} s") from None
        except (aiohttp.ClientError, ConnectionError, OSError) as error:
            raise RpcUnreachableError(f"connection failed: {type(error).__name__}") from None
        finally:
            self._waiting.pop(first_id, None)

    @asynccontextmanager
    async def subscribe(self, *params: Any, timeout_seconds: float = 5.0) -> AsyncIterator[asyncio.Queue[Any]]:
        """Subscribe (`newHeads`, …) and yield the queue of its messages; None in the queue means the socket broke."""
        (answer,) = await self.send([Request("eth_subscribe", list(params))], timeout_seconds)
        subscription = raise_if_error(answer)
        if not isinstance(subscription, str):
            raise RpcGarbageError("the subscription id is not a string")
        queue = self._subscriptions.setdefault(subscription, asyncio.Queue(_QUEUE_LIMIT))
        try:
            yield queue
        finally:
            self._subscriptions.pop(subscription, None)

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        async with self._connecting:
            if self._socket is not None and not self._socket.closed:
                return self._socket
            await self._drop()
            self._session = aiohttp.ClientSession()
            self._socket = await self._session.ws_connect(
                self._url, max_msg_size=self._max_body_bytes, heartbeat=15, compress=0
            )
            self._reader = asyncio.create_task(self._read(self._socket))
            return self._socket

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    continue
                self._dispatch(message.data)
        except RpcError:
            pass
        finally:
            # Ends every waiting call at once instead of letting each run into its timeout.
            with suppress(Exception):
                await socket.close()
            for future, _ in self._waiting.values():
                if not future.done():
                    future.set_exception(RpcUnreachableError("the socket was closed"))
            for queue in self._subscriptions.values():
                _put(queue, None)
            self._subscriptions.clear()

    def _dispatch(self, data: str | bytes) -> None:
        try:
            message = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise RpcGarbageError("a message is no JSON") from None
        if isinstance(message, dict) and message.get("method") == "eth_subscription":
            params = message.get("params")
            if isinstance(params, dict) and isinstance(params.get("subscription"), str):
                # A first message may come before the answer that names the subscription.
                queue = self._subscriptions.setdefault(params["subscription"], asyncio.Queue(_QUEUE_LIMIT))
                _put(queue, params.get("result"))
            return
        items = message if isinstance(message, list) else [message]
        ids: list[int] = [item["id"] for item in items if isinstance(item, dict) and type(item.get("id")) is int]
        first_id = min(ids, default=None)
        if first_id is None or first_id not in self._waiting:
            return
        future, expected = self._waiting[first_id]
        if future.done():
            return
        try:
            future.set_result(match_ids(message, first_id, expected))
        except RpcError as error:
            future.set_exception(error)

    async def _drop(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        if self._session is not None:
            await self._session.close()
        self._socket = self._session = self._reader = None

    async def close(self) -> None:
        """Close the socket; waiting calls fail."""
        await self._drop()


def _put(queue: asyncio.Queue[Any], item: Any) -> None:
    """Put without waiting; when nobody reads, the oldest goes: heads are hints, the newest one counts."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(item)
