"""Who is asking, without a query each time: sessions, access tokens and plans of this process, kept for seconds.

PostgreSQL tells of every change of a user or session when it commits (NOTIFY, migration 0010). While nobody listens,
nothing is kept: a revoked session or another plan counts at once, and at the latest after the ten seconds in which a
connection that died without a word is found out.
"""

import asyncio
import hashlib
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url

from backend.accounts import identity_repository
from backend.accounts.schemas import CurrentUser
from backend.accounts.service import session_token, user_of_cookie
from backend.accounts.sessions.service import live_owner
from backend.accounts.signing_keys.service import SigningKeys
from backend.accounts.tokens import AccessClaims, key_id_of, read_access_token
from backend.core.clock import now_seconds
from backend.core.db import Database
from backend.core.errors import UnauthorizedError
from backend.core.live_cache import LiveCache
from backend.core.logging import get_logger

KEPT_SECONDS = 60.0
VIEW_KEPT_SECONDS = 10.0  # what is shown of a user holds counts too, of which nobody tells
TOKEN_KEPT_SECONDS = 900.0
_HEARTBEAT_SECONDS = 5.0
_ANSWER_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 5.0
log = get_logger(__name__)


class Identities:
    """This process's knowledge of users. `start` it inside an event loop; until it listens, every ask is a query."""

    def __init__(self, database: Database, keys: SigningKeys | None = None) -> None:
        self._database = database
        self._keys = keys or SigningKeys(database)
        self._listener: asyncio.Task[None] | None = None
        self._live = False
        self._sessions: LiveCache[str, CurrentUser] = LiveCache("sessions", KEPT_SECONDS, self.is_live)
        self._programs: LiveCache[UUID, CurrentUser] = LiveCache("programs", KEPT_SECONDS, self.is_live)
        self._tokens: LiveCache[str, AccessClaims] = LiveCache("access_tokens", TOKEN_KEPT_SECONDS, lambda: True)
        self._views: list[LiveCache[UUID, Any]] = []

    def is_live(self) -> bool:
        """Whether changes are heard of right now."""
        return self._live

    def view(self, name: str) -> LiveCache[UUID, Any]:
        """Return a cache of something by user id that goes when the user changes (such as the subscription)."""
        cache: LiveCache[UUID, Any] = LiveCache(name, VIEW_KEPT_SECONDS, self.is_live)
        self._views.append(cache)
        return cache

    async def of_cookie(self, cookie_header: str | None) -> CurrentUser | None:
        """Return the user whose live session the `Cookie` header proves, or None."""
        token = session_token(cookie_header)
        if token is None:
            return None
        key = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        return await self._sessions.get(key, lambda: user_of_cookie(self._database, cookie_header))  # type: ignore[arg-type,return-value]

    async def of_access_token(self, token: str) -> tuple[CurrentUser, int]:
        """Return the user an access token proves, with the plan of now, and when it expires (Unix seconds).

        Raises UnauthorizedError when the token is not valid now, or its session has ended or its account is gone.
        """
        key = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        claims = self._tokens.peek(key)
        if claims is None:
            claims = await self._verify(token)
            await self._tokens.get(key, lambda: _ready(claims))
        if now_seconds() >= claims.expires_at:
            raise UnauthorizedError("The access token is not valid or has expired. Sign in again.")
        user = await self._programs.get(claims.session_id, lambda: self._owner(claims))  # type: ignore[arg-type,return-value]
        if user is None or user.id != claims.user_id:
            raise UnauthorizedError("The session of this access token has ended. Sign in again.")
        return user, claims.expires_at

    async def _verify(self, token: str) -> AccessClaims:
        public_key = await self._keys.public(key_id_of(token))
        if public_key is None:
            raise UnauthorizedError("The access token is not valid or has expired. Sign in again.")
        return read_access_token(token, public_key)

    async def _owner(self, claims: AccessClaims) -> CurrentUser | None:
        async with self._database.unit_of_work(claims.user_id) as session:
            return await live_owner(session, claims.session_id)

    def forget(self, user_id: UUID) -> None:
        """Forget a user whom this process has just changed, so that whoever did sees it before the news arrive."""
        self._forget(str(user_id))

    def start(self) -> None:
        """Begin to listen (needs a running event loop)."""
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen(), name="identity-changes")

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None
        self._live = False

    async def _listen(self) -> None:
        url = make_url(self._database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        wait = 0.1
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    url, autocommit=True, connect_timeout=5, application_name="premium-identity"
                )
                async with connection:
                    await identity_repository.listen(connection)
                    self._forget_all()
                    self._live, wait = True, 0.1
                    await self._follow(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("changes of users are not heard of", error=type(error).__name__, retry_in_seconds=wait)
            finally:
                self._live = False
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)

    async def _follow(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for news in connection.notifies(timeout=_HEARTBEAT_SECONDS):
                self._forget(news.payload)
            # A connection that died without a word must not go on vouching.
            async with asyncio.timeout(_ANSWER_SECONDS):
                await identity_repository.ask(connection)

    def _forget(self, payload: str) -> None:
        with suppress(ValueError):
            user_id = UUID(payload)
            self._sessions.drop_where(lambda user: user.id == user_id)
            self._programs.drop_where(lambda user: user.id == user_id)
            for view in self._views:
                view.drop(user_id)

    def _forget_all(self) -> None:
        for cache in (self._sessions, self._programs, *self._views):
            cache.clear()


async def _ready(value: AccessClaims) -> AccessClaims:
    return value
