"""Attacks over every operation of the API's own description: other people's ids, other people's sites, odd methods."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from backend.core.ids import new_id
from tests.integration.api.conftest import WHALE, Api
from tests.integration.privacy.catalogue import Person, make_person
from tests.integration.security.surface import FREE, OWNED, UNSAFE, Operation, operations, path_with, rows_of

ALL = operations()
EVIL = "https://evil.example"


@pytest.fixture
async def victim(api: Api) -> Person:
    """Somebody with a row in every table."""
    return await make_person(api.admin)


async def send(client: Any, operation: Operation, path: str, **options: Any) -> Any:
    body = operation.example()
    if body is not None:
        options.setdefault("json", body)
    return await client.send(operation.method, path, **options)


def test_every_path_with_an_id_says_whose_it_is() -> None:
    taken = {operation.path for operation in ALL if "{" in operation.path}
    assert taken - OWNED.keys() - FREE.keys() == set(), "say in surface.py whose ids these paths take"
    assert (OWNED.keys() | FREE.keys()) - taken == set(), "these paths are gone"


async def test_nobody_reaches_what_is_anothers(api: Api, victim: Person) -> None:
    attacker = api.client_of(await api.new_user())
    before = await rows_of(api.admin, victim.id)
    tried = 0
    for operation in ALL:
        path = path_with(operation, victim)
        queries = [
            {},
            *({name: str(row["id"])} for name in operation.id_queries for row in (victim.rows["alert_rules"],)),
        ]
        for query in queries:
            if operation.path not in OWNED and not query:
                continue
            tried += 1
            reply = await send(attacker, operation, path, params=query)
            told = reply.content.decode(errors="replace") + str(dict(reply.headers))
            assert not any(trace in told for trace in victim.traces()[2:]), (str(operation), told[:500])
            if operation.path in OWNED:
                assert reply.status in (403, 404, 422), (str(operation), reply.status, told[:300])
                assert reply.status != 422 or operation.example() is not None, (str(operation), told[:300])
    assert tried >= len(OWNED)
    assert await rows_of(api.admin, victim.id) == before


async def test_the_owner_reaches_the_same_things(api: Api) -> None:
    """What the test above would find, if the things were the attacker's own."""
    owner = api.client_of(await api.new_user())
    rule = (await owner.post("/v1/alerts/rules", json=WHALE)).data["id"]
    key = (await owner.post("/v1/api-keys", json={"name": "k", "scopes": ["read:alerts"]})).data["id"]
    for method, path in (
        *(("GET", f"/v1/alerts/rules/{rule}"), ("POST", f"/v1/alerts/rules/{rule}/pause")),
        *(("DELETE", f"/v1/alerts/rules/{rule}"), ("DELETE", f"/v1/api-keys/{key}")),
    ):
        assert (await owner.send(method, path)).status == 200


async def test_no_body_changes_tier_owner_or_id(api: Api, victim: Person) -> None:
    mine = await api.new_user("free")
    client, theirs = api.client_of(mine), await rows_of(api.admin, victim.id)
    wanted_id = str(new_id())
    planted: dict[str, Any] = {
        **{name: str(victim.id) for name in ("user_id", "userId", "owner", "ownerId", "account_id", "sub")},
        **dict.fromkeys(("tier", "plan", "role", "subscription_tier", "subscriptionTier"), "enterprise"),
        **dict.fromkeys(("is_admin", "isAdmin", "email_verified", "emailVerified", "paused_by_plan"), True),
        **dict.fromkeys(("id", "_id", "uuid"), wanted_id),
        **{"features": ["api_keys"], "caps": {"alert_rules": None}, "version": None, "deletedAt": None},
    }
    made: Callable[[], Any] = lambda: rows_of(api.admin, mine.id)  # noqa: E731
    for operation in ALL:
        if operation.method not in UNSAFE or not isinstance(operation.example(), dict):
            continue
        taken = set(resolved(operation).get("properties", {}))
        extra = {name: value for name, value in planted.items() if name not in taken}
        path = path_with(operation, victim)
        reply = await send(client, operation, path, json={**operation.example(), **extra})
        assert reply.status < 500 or reply.status == 503, (str(operation), reply.status)
        assert wanted_id not in reply.content.decode(errors="replace"), (str(operation), reply.content[:300])
        assert wanted_id not in str(await made()), str(operation)
    rows = await made()
    assert '"tier": "free"' in rows["premium_users"] and mine.email in rows["premium_users"]
    assert await rows_of(api.admin, victim.id) == theirs


def resolved(operation: Operation) -> dict[str, Any]:
    schema = operation.body_schema or {}
    return operation.schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


@pytest.mark.parametrize("origin", [EVIL, "null", "https://localhost.evil.example", None])
async def test_another_site_changes_nothing_with_the_cookie(api: Api, origin: str | None) -> None:
    user = await api.new_user()
    cookie = await api.sign_in(user)
    before = await rows_of(api.admin, user.id)
    browser = api.client_with(Cookie=cookie, **({"Origin": origin} if origin else {}))
    victim = Person(user.id, "nobody", {table: {"id": new_id()} for table in OWNED.values()})
    unsafe = [operation for operation in ALL if operation.method in UNSAFE]
    for operation in unsafe:
        if operation.signed_in:
            reply = await send(browser, operation, path_with(operation, victim))
            assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN"), (str(operation), reply.status)
    assert await rows_of(api.admin, user.id) == before
    own = api.client_with(Cookie=cookie, Origin=api.url)
    assert (await own.post("/v1/alerts/rules", json=WHALE)).status == 201, "our own page may"
    before = await rows_of(api.admin, user.id)
    for operation in unsafe:
        if not operation.signed_in:
            await send(browser, operation, path_with(operation, victim))
    after = await rows_of(api.admin, user.id)
    # Without Origin, Referer and Sec-Fetch-Site it is no browser's request: that may end its own session.
    allowed = set() if origin else {"user_sessions", "audit_log"}
    assert {name for name in before if before[name] != after[name]} <= allowed


async def test_no_cookie_works_across_sites_and_cors_names_who_may(api: Api) -> None:
    preflight = {
        "Origin": EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type",
    }  # fmt: skip
    for path in {operation.path for operation in ALL}:
        path = path.replace("{", "").replace("}", "")
        for method, headers in (("OPTIONS", preflight), ("GET", {"Origin": EVIL})):
            reply = await api.anonymous.send(method, path, headers=headers)
            allowed = reply.headers.get("Access-Control-Allow-Origin")
            assert allowed not in ("*", EVIL, "null"), (method, path)


async def test_a_method_that_is_not_described_does_nothing(api: Api, victim: Person) -> None:
    mine = await api.new_user()
    attacker = api.client_of(mine)
    described: dict[str, set[str]] = {}
    for operation in ALL:
        described.setdefault(path_with(operation, victim), set()).add(operation.method)
    before = await rows_of(api.admin, victim.id), await rows_of(api.admin, mine.id)
    for (path, methods), method in itertools.product(described.items(), (*UNSAFE, "GET", "TRACE", "PROPFIND", "X-ODD")):
        if method in methods:
            continue
        reply = await attacker.send(method, path)
        # A fixed name (`/wallets/nonce`) may be taken for an id by the path beside it: then it is not one.
        assert reply.status in (404, 405, 422, 501), (method, path, reply.status)
    for path, methods in described.items():
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            if "GET" in methods and "DELETE" in methods:
                await attacker.get(path, headers={header: "DELETE"}, params={"_method": "DELETE"})
    assert (await rows_of(api.admin, victim.id), await rows_of(api.admin, mine.id)) == before


async def test_every_operation_that_needs_somebody_refuses_nobody(api: Api, victim: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr("backend.api.auth.ANONYMOUS_PER_MINUTE", 10_000)
    bad = {
        "nobody": {},
        "no token": {"Authorization": "Bearer "},
        "garbage": {"Authorization": "Bearer not.a.token"},
        "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "session": {"Cookie": "premium_session=" + "x" * 43},
        "key": {"X-API-Key": "pk_live_" + "x" * 43},
    }
    asked = 0
    for operation in ALL:
        if not operation.signed_in:
            continue
        asked += 1
        for name, headers in bad.items():
            reply = await send(api.client_with(Origin=api.url, **headers), operation, path_with(operation, victim))
            assert (reply.status, reply.error["code"]) == (401, "UNAUTHORIZED"), (str(operation), name, reply.status)
            assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert asked > 30
