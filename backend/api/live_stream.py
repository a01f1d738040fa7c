"""What the live streams share: who connects, how many at once, heart-beats, and the end with the right to listen.

The server says `connected`; the client sends `{"type": "subscribe", "channel": ...}` and gets `subscribed`, then what
is published for its user. `reload` means that messages may have been missed: read the state anew.
"""

import asyncio
import contextlib
import secrets
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any
from uuid import UUID

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend.accounts.service import CurrentUser, user_of_cookie
from backend.api.auth import bearer_token, client_ip, is_same_site
from backend.api.limits import ANONYMOUS_PER_MINUTE
from backend.api.resources import Resources, resources
from backend.core.clock import now_seconds
from backend.core.errors import PremiumError, UnauthorizedError
from backend.core.logging import get_logger
from backend.core.telemetry import live_clients
from backend.notifications.service import LiveHub, Message

log = get_logger(__name__)

CLOSE_UNAUTHORIZED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TOO_MANY = 4429
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_TRY_LATER = 1013
MOST_PER_USER = 20
MOST_MISTAKES = 20
MAX_MESSAGE_CHARACTERS = 4096
SEND_SECONDS = 10.0
HEARTBEAT_SECONDS = 30.0
SESSION_CHECK_SECONDS = 60.0

_open: Counter[UUID] = Counter()


class _CloseError(Exception):
    """Ends the connection with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def serve_stream(socket: WebSocket, kind: type["LiveStream"]) -> None:
    """Serve one connection of a kind of stream until either side ends it."""
    held = resources()
    await socket.accept()
    try:
        user, expires_at = await _identify(socket, held)
        if _open[user.id] >= MOST_PER_USER:
            raise _CloseError(CLOSE_TOO_MANY, f"At most {MOST_PER_USER} live connections at once.")
        _open[user.id] += 1
        live_clients.labels("api").inc()
        try:
            await kind(socket, held, user, expires_at).run()
        finally:
            live_clients.labels("api").dec()
            _open[user.id] -= 1
            if _open[user.id] <= 0:
                del _open[user.id]
    except _CloseError as ending:
        await _close(socket, ending.code, ending.reason)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        log.error("live stream broke", exc_info=error)
        await _close(socket, 1011, "Something went wrong on our side.")


async def _identify(socket: WebSocket, held: Resources) -> tuple[CurrentUser, float | None]:
    """Return who connects and when their token ends (None: a session, checked again and again)."""
    token = socket.query_params.get("token") or bearer_token(socket)
    try:
        if token:
            return await held.identities.of_access_token(token)
        user = await user_of_cookie(held.database, socket.headers.get("cookie"))
        if user is None:
            raise UnauthorizedError("Sign in first: connect with ?token=.")
    except UnauthorizedError as error:
        verdict = await held.limiter.hit(ANONYMOUS_PER_MINUTE, "ip", client_ip(socket, held.settings))
        code = CLOSE_UNAUTHORIZED if verdict.allowed else CLOSE_TOO_MANY
        raise _CloseError(code, error.message if verdict.allowed else "Too many attempts.") from None
    except PremiumError as error:
        raise _CloseError(CLOSE_TRY_LATER, error.message) from None
    if not is_same_site(socket, held.settings):
        raise _CloseError(CLOSE_FORBIDDEN, "The connection came from another site.")
    return user, None


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    if socket.client_state is WebSocketState.CONNECTED and socket.application_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, OSError, TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                await socket.close(code, reason[:120])


class LiveStream(ABC):
    """One connection: reads commands, forwards messages, and ends with the right to see them."""

    channel = ""

    def __init__(self, socket: WebSocket, held: Resources, user: CurrentUser, expires_at: float | None) -> None:
        self._socket = socket
        self._held = held
        self._user = user
        self._expires_at = expires_at
        self._subscribed = False
        self._catching_up = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._mistakes = 0

    @abstractmethod
    def hub(self) -> LiveHub:
        """Return what carries the messages."""

    @abstractmethod
    async def check_allowed(self) -> None:
        """Raise PremiumError when the user may not listen."""

    @abstractmethod
    async def catch_up(self, command: dict[str, Any]) -> None:
        """Send what was missed since the user listened last, as the subscribing command asks."""

    async def run(self) -> None:
        """Serve until one of the loops ends, and end the others."""
        try:
            await self.check_allowed()
        except PremiumError as error:
            raise _CloseError(CLOSE_FORBIDDEN, error.message) from None
        async with self.hub().subscribe(self._user.id) as queue:
            await self.send({"type": "connected", "connectionId": f"conn_{secrets.token_hex(8)}"})
            loops = [
                asyncio.create_task(self._read()),
                asyncio.create_task(self._forward(queue)),
                asyncio.create_task(self._watch_right()),
            ]
            try:
                done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
                for loop in done:
                    loop.result()
            finally:
                for loop in loops:
                    loop.cancel()
                await asyncio.gather(*loops, return_exceptions=True)

    async def send(self, message: Message) -> None:
        """Send a message. Ends the connection when it reads too slowly or is gone."""
        try:
            async with self._sending, asyncio.timeout(SEND_SECONDS):
                await self._socket.send_text(orjson.dumps(message).decode())
        except TimeoutError:
            raise _CloseError(CLOSE_TRY_LATER, "The connection reads too slowly.") from None
        except RuntimeError:  # the other side closed meanwhile
            raise WebSocketDisconnect from None

    async def _forward(self, queue: asyncio.Queue[Message]) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    message = await queue.get()
            except TimeoutError:
                await self.send({"type": "ping"})
                continue
            async with self._catching_up:
                if self._subscribed:
                    await self.send(message)

    async def _watch_right(self) -> None:
        while True:
            if self._expires_at is not None:
                await asyncio.sleep(min(SESSION_CHECK_SECONDS, max(0.0, self._expires_at - now_seconds())))
                await self._check_token()
                continue
            await asyncio.sleep(SESSION_CHECK_SECONDS)
            if await user_of_cookie(self._held.database, self._socket.headers.get("cookie")) is None:
                raise _CloseError(CLOSE_UNAUTHORIZED, "The session has ended.")

    async def _check_token(self) -> None:
        """Raise _CloseError when the token has expired or its session has ended."""
        token = self._socket.query_params.get("token") or bearer_token(self._socket)
        try:
            await self._held.identities.of_access_token(token or "")
        except UnauthorizedError as error:
            raise _CloseError(CLOSE_UNAUTHORIZED, error.message) from None

    async def _read(self) -> None:
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text")
            if text is None or len(text) > MAX_MESSAGE_CHARACTERS:
                raise _CloseError(CLOSE_TOO_BIG, f"Send JSON text of at most {MAX_MESSAGE_CHARACTERS} characters.")
            await self._answer(text)

    async def _answer(self, text: str) -> None:
        try:
            command = orjson.loads(text)
        except orjson.JSONDecodeError:
            command = None
        match command:
            case {"type": "ping"}:
                await self.send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "channel": self.channel, **rest}:
                if str(rest.get("userId") or self._user.id).lower() != str(self._user.id):
                    await self.refuse("FORBIDDEN", f"You can only subscribe to your own {self.channel}.")
                    return
                await self.send({"type": "subscribed", "channel": self.channel})
                async with self._catching_up:
                    await self.catch_up(rest)
                    self._subscribed = True
            case {"type": "unsubscribe", "channel": self.channel}:
                self._subscribed = False
                await self.send({"type": "unsubscribed", "channel": self.channel})
            case {"type": "subscribe" | "unsubscribe"}:
                await self.refuse("INVALID_INPUT", f'The only channel is "{self.channel}".')
            case _:
                await self.refuse(
                    "INVALID_INPUT", f'Send {{"type": "subscribe", "channel": "{self.channel}"}} or {{"type": "ping"}}.'
                )

    async def refuse(self, code: str, message: str) -> None:
        """Say that a message makes no sense; after too many of them the connection ends."""
        self._mistakes += 1
        if self._mistakes > MOST_MISTAKES:
            raise _CloseError(CLOSE_POLICY, "Too many messages that make no sense.")
        await self.send({"type": "error", "error": {"code": code, "message": message}})
