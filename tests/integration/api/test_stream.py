"""The live stream over real WebSockets: section 6.4, and everything a client might do wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backend.accounts.schemas import CurrentUser
from backend.accounts.tokens import issue_access_token
from backend.api import live_stream
from backend.core.clock import now_seconds, use_clock
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.redis import user_alerts_channel
from backend.core.telemetry import live_clients
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import Api
from tests.integration.notifications.conftest import eventually

SUBSCRIBE = {"type": "subscribe", "channel": "alerts"}
ALERT = {"type": "alert", "data": {"alertId": "a", "ruleId": "r", "message": "1,000 ETH moved", "timestamp": "t"}}


class Socket:
    """A client that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return orjson.loads(await self.connection.recv())

    async def closes(self) -> int:
        async with asyncio.timeout(20):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                assert closed.rcvd is not None, closed
                return closed.rcvd.code


@asynccontextmanager
async def opened(api: Api, query: str = "", **headers: str) -> AsyncIterator[Socket]:
    url = api.url.replace("http://", "ws://") + "/v1/alerts/stream" + query
    async with connect(url, additional_headers=headers, proxy=None) as connection:
        yield Socket(connection)


def token_of(api: Api, user: CurrentUser) -> str:
    return issue_access_token(user, user.id, api.key)


async def publish(redis: Redis, user: CurrentUser, message: dict[str, Any]) -> None:
    await redis.publish(user_alerts_channel(user.id), orjson.dumps(message))


async def test_connected_subscribe_alert(api: Api, redis: Redis) -> None:
    user, other = await api.new_user(), await api.new_user()
    async with opened(api, f"?token={token_of(api, user)}") as socket:
        hello = await socket.hear()
        assert hello["type"] == "connected" and hello["connectionId"].startswith("conn_")
        await socket.say({**SUBSCRIBE, "userId": str(user.id)})
        assert await socket.hear() == {"type": "subscribed", "channel": "alerts"}
        await publish(redis, other, {"type": "alert", "data": "of another user"})
        await publish(redis, user, ALERT)
        assert await socket.hear() == ALERT
        await publish(redis, user, {"type": "withdrawn", "data": {"alertId": "a"}})
        assert (await socket.hear())["type"] == "withdrawn"
        await socket.say({"type": "unsubscribe", "channel": "alerts"})
        assert (await socket.hear())["type"] == "unsubscribed"
        await publish(redis, user, ALERT)
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}


async def test_nobody_subscribes_to_another_user(api: Api, redis: Redis) -> None:
    user, other = await api.new_user(), await api.new_user()
    async with opened(api, f"?token={token_of(api, user)}") as socket:
        await socket.hear()
        await socket.say({**SUBSCRIBE, "userId": str(other.id)})
        refused = await socket.hear()
        assert (refused["type"], refused["error"]["code"]) == ("error", "FORBIDDEN")
        await publish(redis, other, ALERT)
        await publish(redis, user, ALERT)
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}, "a refused subscription gets nothing"


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", "?token=a.b.c", "?token=%00"])
async def test_a_bad_token_closes_with_4401(api: Api, query: str) -> None:
    async with opened(api, query) as socket:
        assert await socket.closes() == 4401


async def test_an_expired_token_closes_with_4401(api: Api) -> None:
    user = await api.new_user()
    try:
        real = now_seconds()
        use_clock(lambda: real - 1000)
        token = token_of(api, user)
    finally:
        use_clock(None)
    async with opened(api, f"?token={token}") as socket:
        assert await socket.closes() == 4401


async def test_the_connection_ends_with_its_token(api: Api) -> None:
    user = await api.new_user()
    try:
        real = now_seconds()
        use_clock(lambda: real - 898)
        token = token_of(api, user)
    finally:
        use_clock(None)
    async with opened(api, f"?token={token}") as socket:
        assert (await socket.hear())["type"] == "connected"
        assert await socket.closes() == 4401


async def test_the_header_and_the_cookie_of_our_own_pages_count_too(api: Api, redis: Redis) -> None:
    user = await api.new_user()
    async with opened(api, Authorization=f"Bearer {token_of(api, user)}") as socket:
        assert (await socket.hear())["type"] == "connected"
    cookie = await api.sign_in(user)
    async with opened(api, Cookie=cookie, Origin=api.url) as socket:
        assert (await socket.hear())["type"] == "connected"
        await socket.say(SUBSCRIBE)
        await socket.hear()
        await publish(redis, user, ALERT)
        assert await socket.hear() == ALERT
    for origin in ({"Origin": "https://evil.example"}, {}):
        async with opened(api, Cookie=cookie, **origin) as socket:
            assert await socket.closes() == 4403


async def test_a_session_that_ends_closes_its_stream(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "SESSION_CHECK_SECONDS", 0.05)
    cookie = await api.sign_in(await api.new_user())
    async with opened(api, Cookie=cookie, Origin=api.url) as socket:
        assert (await socket.hear())["type"] == "connected"
        await api.client_with(Cookie=cookie, Origin=api.url).post("/v1/auth/logout")
        assert await socket.closes() == 4401


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "[]", "null", "7", '"subscribe"', '{"type": 7}', '{"type": "subscribe"}',
     '{"type":"subscribe","channel":7}', '{"type":"subscribe","channel":"prices"}', '{"type":"shutdown"}',
     '{"type":"\\ud800"}', "[" * 2000,
     '{"type":"subscribe","channel":"alerts","userId":{"$ne":1}}',
     '{"type":"subscribe","channel":"alerts","userId":[1]}'],
)  # fmt: skip
async def test_garbage_is_answered_with_an_error_and_the_line_stays_open(api: Api, garbage: str) -> None:
    async with opened(api, f"?token={token_of(api, await api.new_user())}") as socket:
        await socket.hear()
        await socket.say(garbage)
        assert (await socket.hear())["type"] == "error"
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}


async def test_too_large_binary_and_endless_garbage_close(api: Api) -> None:
    user = await api.new_user()
    for message in ("x" * 5000, b"\x00\x01"):
        async with opened(api, f"?token={token_of(api, user)}") as socket:
            await socket.hear()
            await socket.say(message)
            assert await socket.closes() == 1009
    async with opened(api, f"?token={token_of(api, user)}") as socket:
        await socket.hear()
        for _ in range(live_stream.MOST_MISTAKES + 1):
            await socket.say("{")
        assert await socket.closes() == 1008


async def test_a_user_has_so_many_connections_and_they_are_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "MOST_PER_USER", 2)
    query = f"?token={token_of(api, await api.new_user())}"
    gauge = live_clients.labels("api")
    before = gauge._value.get()
    async with opened(api, query) as first, opened(api, query) as second:
        await first.hear()
        await second.hear()
        assert gauge._value.get() == before + 2
        async with opened(api, query) as third:
            assert await third.closes() == 4429
    await eventually(lambda: gauge._value.get() == before)
    async with opened(api, query) as again:
        assert (await again.hear())["type"] == "connected"


async def test_after_a_gap_in_redis_the_client_is_told_to_reload(api: Api, redis: Redis) -> None:
    user = await api.new_user()
    async with opened(api, f"?token={token_of(api, user)}") as socket:
        await socket.hear()
        await socket.say(SUBSCRIBE)
        await socket.hear()
        await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        assert await socket.hear() == {"type": "reload"}
        await publish(redis, user, ALERT)
        assert await socket.hear() == ALERT


async def test_quiet_lines_are_pinged(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "HEARTBEAT_SECONDS", 0.05)
    async with opened(api, f"?token={token_of(api, await api.new_user())}") as socket:
        await socket.hear()
        assert await socket.hear() == {"type": "ping"}
        await socket.say({"type": "pong"})
        assert await socket.hear() == {"type": "ping"}


async def test_a_client_that_never_reads_is_let_go(api: Api, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "SEND_SECONDS", 0.5)
    user = await api.new_user()
    url = api.url.replace("http://", "ws://") + f"/v1/alerts/stream?token={token_of(api, user)}"
    async with connect(url, proxy=None, max_queue=1, ping_interval=None) as connection:
        await connection.recv()
        await connection.send(orjson.dumps(SUBSCRIBE).decode())
        await connection.recv()
        assert live_stream._open[user.id] == 1
        heavy = orjson.dumps({"type": "alert", "data": "x" * 50_000})

        async def gone() -> bool:
            for _ in range(20):
                await redis.publish(user_alerts_channel(user.id), heavy)
            return user.id not in live_stream._open

        await eventually(gone, 60)


async def test_a_client_that_was_away_gets_what_it_missed(api: Api, redis: Redis, database_urls: DatabaseUrls) -> None:
    user, other = await api.new_user(), await api.new_user()
    seen, *missed = await write_alerts(database_urls, user, 4)
    (foreign,) = await write_alerts(database_urls, other, 1)
    token = token_of(api, user)
    async with opened(api, f"?token={token}") as socket:
        await socket.hear()
        await socket.say({**SUBSCRIBE, "lastSeenId": str(seen)})
        assert (await socket.hear())["type"] == "subscribed"
        heard = [await socket.hear() for _ in range(4)]
        assert [message["data"]["alertId"] for message in heard[:-1]] == [str(each) for each in missed]
        assert [message["type"] for message in heard[:-1]] == ["alert", "alert", "withdrawn"]
        assert all(message["replayed"] for message in heard[:-1])
        assert heard[-1] == {"type": "resumed", "replayed": 3}
        await publish(redis, user, ALERT)
        assert await socket.hear() == ALERT, "live news follow"
    async with opened(api, f"?token={token}") as socket:
        await socket.hear()
        await socket.say({**SUBSCRIBE, "lastSeenId": str(missed[-1])})
        await socket.hear()
        repeated = [await socket.hear() for _ in range(5)]
        assert repeated[-1] == {"type": "resumed", "replayed": 4}, (
            "the newest minute is repeated, since commits overlap"
        )
        own = [m["type"] for m in repeated[:-1] if m["data"]["alertId"] == str(missed[-1])]
        assert own == ["withdrawn"], "the alert that was seen last was withdrawn while nobody listened"
        await socket.say({**SUBSCRIBE, "lastSeenId": str(foreign)})
        assert [(await socket.hear())["type"] for _ in range(2)] == ["subscribed", "reload"]
        await socket.say({**SUBSCRIBE, "lastSeenId": "yesterday"})
        assert [(await socket.hear())["type"] for _ in range(2)] == ["subscribed", "error"]


async def write_alerts(urls: DatabaseUrls, user: CurrentUser, count: int) -> list[UUID]:
    """Store alerts of the user a second apart, the last of them withdrawn; return their ids in that order."""
    ids, rule_id = [new_id() for _ in range(count)], new_id()
    admin = Database(urls.admin, 1)
    async with admin.unit_of_work() as session:
        await session.execute(
            text(
                "insert into alert_rules (id, user_id, name, type, conditions, actions)"
                " values (:id, :user_id, 'R', 'whale', '[]', '[]')"
            ),
            {"id": rule_id, "user_id": user.id},
        )
        await session.execute(text("select ensure_month_partition('alert_history', now())"))
        for place, alert_id in enumerate(ids):
            await session.execute(
                text(
                    "insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id,"
                    " chain_id, block_number, block_hash, message, event_data, recorded_at, withdrawn_at)"
                    " values (:id, now(), :rule_id, :user_id, 1, 'whale', :event, 31337, 1, '0x1', 'm', '{}',"
                    " now() + make_interval(secs => :place), case when :last then now() + interval '1 minute' end)"
                ),
                {"id": alert_id, "rule_id": rule_id, "user_id": user.id, "event": str(alert_id), "place": place,
                 "last": count > 1 and place == count - 1},
            )  # fmt: skip
    await admin.close()
    return ids
