"""One form for every answer, whatever comes in: garbage never makes a 5xx, limits are told, headers are everywhere."""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.api import limits
from backend.api.app import create_app
from backend.core.settings import Settings
from tests.integration.api.conftest import WHALE, Api, serving

JSON = {"Content-Type": "application/json"}
DEEP = "[" * 5000 + "]" * 5000
VALUES: list[Any] = [
    None, True, 0, -1, 10**30, 1e308, "", "x" * 5000, "\x00", "a\x00b", "\ud800", "💥" * 300,
    "'; drop table alert_rules; --", [], {}, [[]], {"a": {"b": {}}}, [None], "NaN", "Infinity", "1e400", "0x0",
    "../../etc/passwd", "${jndi:ldap://x}",
]  # fmt: skip
BODIES = [
    b"", b"{", b"nul", b"NaN", b'{"a": NaN}', b'{"value": 1e999}', b'{"a": -Infinity}', DEEP.encode(), b"\xff\xfe",
    b"\x00", b'{"name": "\\u0000"}', b'{"name": "\\ud800"}', b'{"conditions": ' + b"9" * 5000 + b"}",
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'"text"', b"[]", b"7", b"null", b"true", json.dumps({"email": "a@b.c", "password": "x" * 5000}).encode(),
]  # fmt: skip


def routes() -> list[tuple[str, str]]:
    """Every method and path of the description, so that a new route is tested without being added here."""
    paths = create_app().openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def check(reply: Any, what: object) -> None:
    assert reply.status < 500, (what, reply.status, reply.content[:300])
    assert reply.headers["X-Request-ID"], what
    if reply.headers.get("Content-Type", "").startswith("application/json") and reply.status != 200:
        body = reply.json
        assert body["success"] is (reply.status < 400), (what, body)
        assert body["meta"]["requestId"] == reply.headers["X-Request-ID"]
        if not body["success"]:
            assert set(body["error"]) == {"code", "message", "details"}
            assert "Traceback" not in reply.content.decode() and "psycopg" not in reply.content.decode()


async def test_the_description_names_every_route_with_its_answers(api: Api) -> None:
    spec = (await api.anonymous.get("/openapi.json")).json
    named = set(spec["paths"])
    for path in (
        "/v1/auth/token", "/v1/auth/me", "/v1/alerts/rules", "/v1/alerts/rules/{rule_id}", "/v1/alerts/history",
        "/v1/alerts/history/export", "/v1/alerts/deliveries", "/v1/chains", "/v1/market/prices",
    ):  # fmt: skip
        assert path in named
    for path, methods in spec["paths"].items():
        for method, description in methods.items():
            assert description.get("summary") and description.get("description"), (method, path)
            if "signed" not in path and path.startswith("/v1/alerts"):
                assert {"401", "422", "429"} <= set(description["responses"]), (method, path)
    docs = await api.anonymous.get("/docs")
    assert docs.status == 200 and b"/docs/swagger-ui-bundle.js" in docs.content and b"cdn." not in docs.content
    assert (await api.anonymous.get("/docs/swagger-ui-bundle.js")).status == 200
    assert (await api.anonymous.get("/docs/..%2fmain.py")).status == 404


async def test_no_body_breaks_any_route(api: Api) -> None:
    client = api.client_of(await api.new_user())
    for (method, path), body in itertools.product(routes(), BODIES):
        if method == "GET" or path in ("/v1/auth/token", "/v1/auth/login", "/v1/account/sessions"):
            continue
        path = path.replace("{rule_id}", "01a20490-88a2-7595-9f40-9fda2c948c4b")
        path = path.replace("{delivery_id}", "01a20490-88a2-7595-9f40-9fda2c948c4b")
        reply = await client.send(method, path, data=body, headers=JSON)
        check(reply, (method, path, body[:60]))


async def test_no_value_in_any_field_breaks_making_a_rule(api: Api) -> None:
    client = api.client_of(await api.new_user())
    condition_fields = ("field", "operator", "value")
    names = (
        "value_usd",
        "amount",
        "chain",
        "token",
        "wallet",
        "direction",
        "price_usd",
        "change_pct",
        "window_seconds",
    )
    bodies = [
        {**WHALE, field: value} for field in (*WHALE, "frequency", "cooldownSeconds", "enabled") for value in VALUES
    ]
    bodies += [
        {**WHALE, "conditions": [{"field": "value_usd", "operator": "gte", "value": 100000, field: value}]}
        for field in condition_fields
        for value in VALUES
    ]
    for kind, name, value in itertools.product(("whale", "price"), names, VALUES):
        bodies.append({**WHALE, "type": kind, "conditions": {name: value}})
        bodies.append(
            {**WHALE, "type": kind, "conditions": {"chain": 31337, "token": "ETH", "value_usd": 5000, name: value}}
        )
    bodies += [{**WHALE, "actions": [{"type": "webhook", "destination": value}]} for value in VALUES]
    refused = 0
    for chunk in (bodies[start : start + 8] for start in range(0, len(bodies), 8)):
        sending = (client.post("/v1/alerts/rules", data=json.dumps(body), headers=JSON) for body in chunk)
        for body, reply in zip(chunk, await asyncio.gather(*sending), strict=True):
            check(reply, body)
            refused += reply.status == 422
    assert refused > len(bodies) / 2


async def test_names_beyond_measure_are_refused_beside_their_field(api: Api) -> None:
    client = api.client_of(await api.new_user())
    long = await client.post("/v1/alerts/rules", json={**WHALE, "name": "n" * 100_000})
    assert long.status == 422 and "name" in long.json["error"]["details"], long.json
    assert len(long.content) < 2_000, "what was sent is not sent back"
    megabyte = await client.post("/v1/alerts/rules", json={**WHALE, "name": "n" * 1_000_000})
    check(megabyte, "1 MB")
    assert megabyte.status == 413, megabyte.json
    rules = (await client.get("/v1/alerts/rules")).json
    assert rules["data"]["items"] == [], rules


ADDRESSES = [
    "/v1/alerts/rules/{}", "/v1/alerts/rules?page={}", "/v1/alerts/rules?pageSize={}", "/v1/alerts/rules?type={}",
    "/v1/alerts/history?chainId={}", "/v1/alerts/history?since={}", "/v1/alerts/history?until={}",
    "/v1/alerts/history?token={}", "/v1/alerts/history?ruleId={}", "/v1/alerts/history/export?format={}",
    "/v1/alerts/deliveries?status={}", "/v1/market/prices?chainId={}", "/v1/{}", "/docs/{}",
]  # fmt: skip
IN_ADDRESS = [
    "%00", "%FF", "%ED%A0%80", "-1", "9" * 40, "NaN", "1e9", "..%2f..%2fetc", "%0d%0aSet-Cookie:%20a=b", "'--", "💥",
    "0001-01-01", "9999-12-31T23:59:59-23:59", "2026-02-30", "00000000-0000-0000-0000-000000000000", "a" * 9000,
    "%25", "", "2026-01-01T00:00:00%2b14:00", "253402300800", "1e400",
]  # fmt: skip


async def test_no_address_breaks_any_route(api: Api) -> None:
    client = api.client_of(await api.new_user())
    for template, value in itertools.product(ADDRESSES, IN_ADDRESS):
        check(await client.get(template.format(value)), template.format(value)[:100])


async def test_unknown_addresses_and_methods_have_the_same_form(api: Api) -> None:
    missing = await api.anonymous.get("/v1/nothing/here")
    assert (missing.status, missing.error["code"]) == (404, "NOT_FOUND")
    wrong = await api.anonymous.send("PATCH", "/v1/auth/me")
    assert (wrong.status, wrong.error["code"], wrong.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", "GET")


async def test_large_bodies_are_refused_before_they_are_read(api: Api) -> None:
    client = api.client_of(await api.new_user())
    reply = await client.post("/v1/alerts/rules", data=b"x" * 300_000, headers=JSON)
    assert (reply.status, reply.error["code"]) == (413, "PAYLOAD_TOO_LARGE")

    async def endless() -> Any:
        for _ in range(40):
            yield b"[" * 10_000

    reply = await client.post("/v1/alerts/rules", data=endless(), headers=JSON)
    assert reply.status == 413


async def test_every_answer_carries_the_security_headers(api: Api) -> None:
    for path in ("/v1/auth/me", "/docs", "/openapi.json", "/_health", "/v1/nothing"):
        headers = (await api.anonymous.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert headers["X-Request-ID"].startswith("req_")
        assert "Strict-Transport-Security" not in headers, "only over https"
    assert (await api.anonymous.get("/v1/auth/me")).headers["Cache-Control"] == "no-store"


async def test_a_given_request_id_is_kept_if_it_is_harmless(api: Api) -> None:
    kept = await api.anonymous.get("/v1/auth/me", headers={"X-Request-ID": "trace-12345678"})
    assert kept.headers["X-Request-ID"] == kept.json["meta"]["requestId"] == "trace-12345678"
    replaced = await api.anonymous.get("/v1/auth/me", headers={"X-Request-ID": "a b<script>"})
    assert replaced.headers["X-Request-ID"].startswith("req_")


async def test_the_plan_limits_requests_and_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.REQUESTS_PER_MINUTE, "free", 5)
    free, pro = api.client_of(await api.new_user(tier="free")), api.client_of(await api.new_user(tier="pro"))
    replies = [await free.get("/v1/auth/me") for _ in range(7)]
    assert [reply.status for reply in replies] == [200] * 5 + [429] * 2
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies[:5]] == ["4", "3", "2", "1", "0"]
    assert replies[0].headers["X-RateLimit-Limit"] == "5"
    assert int(replies[-1].headers["Retry-After"]) >= 1
    assert replies[-1].error["code"] == "RATE_LIMIT_EXCEEDED"
    reply = await pro.get("/v1/auth/me")
    assert (reply.status, reply.headers["X-RateLimit-Limit"]) == (200, "10000")


async def test_strangers_are_limited_by_address(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.api.auth.ANONYMOUS_PER_MINUTE", 3)
    statuses = [(await api.anonymous.get("/v1/auth/me")).status for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


async def test_without_redis_requests_are_still_limited_and_health_says_so(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.REQUESTS_PER_MINUTE, "free", 3)
    async with serving(make_settings(redis_url="redis://127.0.0.1:1/0")) as api:
        client = api.client_of(await api.new_user(tier="free"))
        statuses = [(await client.get("/v1/auth/me")).status for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        health = await api.anonymous.get("/_health")
        assert (health.status, health.json["status"], health.json["redis"]) == (503, "down", "down")


async def test_without_a_database_answers_are_503_with_an_envelope(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(database_url="postgresql://nobody@127.0.0.1:1/none")
    async with serving(settings) as api:
        reply = await api.client_of(await api.new_user()).get("/v1/alerts/rules")
        assert (reply.status, reply.error["code"]) == (503, "UNAVAILABLE")
        assert reply.headers["Retry-After"]
        login = await api.anonymous.post("/v1/auth/login", data={"email": "a@example.com", "password": "x"})
        assert login.headers["Location"] == "/sign-in?error=unavailable"
        health = await api.anonymous.get("/_health")
        assert (health.status, health.json["database"]) == (503, "down")


async def test_health_and_metrics(api: Api, redis: Redis, make_settings: Callable[..., Settings]) -> None:
    health = await api.anonymous.get("/_health")
    assert health.status == 200 and health.json["database"] == health.json["redis"] == "ok"
    await api.client_of(await api.new_user()).get("/v1/alerts/rules/01a20490-88a2-7595-9f40-9fda2c948c4b")
    metrics = await api.anonymous.get("/metrics")
    text = metrics.content.decode()
    assert 'premium_http_request_seconds_count{method="GET",route="/v1/alerts/rules/{rule_id}",status="404"}' in text
    assert "01a20490" not in text, "ids in labels would make a series each"
    proxied = await api.anonymous.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"})
    assert proxied.status == 403
    async with serving(make_settings(metrics_token="let-me-read")) as guarded:
        headers = {"X-Forwarded-For": "10.1.2.3", "Authorization": "Bearer let-me-read"}
        assert (await guarded.anonymous.get("/metrics", headers=headers)).status == 200
