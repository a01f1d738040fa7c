"""An API server on a real socket, and clients that speak to it like curl would."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from argon2 import PasswordHasher
from joserfc.jwk import ECKey
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.accounts.signing_keys.service import SigningKeys
from backend.accounts.tokens import issue_access_token
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import Settings
from tests.integration.api.server import api_server

PASSWORD = "correct horse battery staple"
# A hash says what it costs: this one is cheap to check, so that tests which only need somebody signed in stay fast.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass
class Reply:
    """Status, headers and content of an answer."""

    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> dict[str, Any]:
        import orjson

        return orjson.loads(self.content)

    @property
    def data(self) -> Any:
        assert self.json["success"] is True, self.json
        return self.json["data"]

    @property
    def error(self) -> dict[str, Any]:
        assert self.json["success"] is False, self.json
        return self.json["error"]


class Client:
    """Sends requests with the same headers each time; keeps no cookies and follows no redirects."""

    def __init__(self, session: aiohttp.ClientSession, url: str, **headers: str) -> None:
        self.session = session
        self.url = url
        self.headers = headers

    async def send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Reply:
        async with self.session.request(
            method, self.url + path, headers={**self.headers, **(headers or {})}, allow_redirects=False, **options
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.send("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Reply:
        return await self.send("POST", path, **options)


@dataclass
class Api:
    """The server, its settings and database, and ways to come in."""

    url: str
    settings: Settings
    admin: Database
    anonymous: Client
    key: ECKey
    _session: aiohttp.ClientSession

    async def new_user(self, tier: str = "enterprise") -> CurrentUser:
        user_id: UUID = new_id()
        async with self.admin.unit_of_work() as session:
            await session.execute(
                text(
                    "insert into premium_users (id, email, tier, password_hash, email_verified_at)"
                    " values (:id, :email, :tier, :hash, now())"
                ),
                {"id": user_id, "email": f"{user_id}@example.com", "tier": tier, "hash": _HASH},
            )
            # The session that `client_of`'s tokens name.
            await session.execute(
                text(
                    "insert into user_sessions (id, user_id, kind, expires_at)"
                    " values (:id, :id, 'program', now() + interval '1 day')"
                ),
                {"id": user_id},
            )
        return CurrentUser(user_id, f"{user_id}@example.com", tier)

    def client_of(self, user: CurrentUser) -> Client:
        return Client(self._session, self.url, Authorization=f"Bearer {issue_access_token(user, user.id, self.key)}")

    def client_with(self, **headers: str) -> Client:
        return Client(self._session, self.url, **headers)

    async def sign_in(self, user: CurrentUser, cookie: str = "") -> str:
        """Sign a browser in by the form and return its cookie header."""
        reply = await self.anonymous.post(
            "/v1/auth/login",
            data={"email": user.email, "password": PASSWORD, "next": "/alerts"},
            headers={"Origin": self.url, **({"Cookie": cookie} if cookie else {})},
        )
        assert (reply.status, reply.headers["Location"]) == (303, "/alerts")
        return reply.headers["Set-Cookie"].split(";")[0]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Api]:
    """An API server with these settings."""
    admin = Database(settings.admin_database_url, pool_size=2)
    key = await SigningKeys(admin).current()
    jar = aiohttp.DummyCookieJar()
    async with api_server(settings) as url, aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Api(url, settings, admin, Client(session, url), key, session)
    await admin.close()


@pytest.fixture
async def api(make_settings: Callable[..., Settings]) -> AsyncIterator[Api]:
    """An API server for one test."""
    async with serving(make_settings()) as running:
        yield running


WHALE = {
    "name": "Whales",
    "type": "whale",
    "conditions": [{"field": "value_usd", "operator": "gte", "value": 100000}],
    "actions": [{"type": "in_app"}],
}
numbers = itertools.count(1)
