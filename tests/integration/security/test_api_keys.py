"""API keys: shown once, bound to scopes and plan, rotated with grace, revoked at once, counted by themselves."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.api import limits
from tests.integration.api.conftest import WHALE, Api, Client

SCOPES = [
    *("read:alerts", "write:alerts", "read:market", "read:portfolio"),
    *("read:subscriptions", "read:tax", "write:tax"),
]


async def make_key(api: Api, user: CurrentUser, **changes: Any) -> dict[str, Any]:
    body = {"name": "Reporting", "scopes": SCOPES, **changes}
    reply = await api.client_of(user).post("/v1/api-keys", json=body)
    assert reply.status == 201, reply.json
    return reply.data


def with_key(api: Api, key: dict[str, Any]) -> Client:
    return api.client_with(Authorization=f"Bearer {key['secret']}")


async def row(api: Api, key: dict[str, Any]) -> Any:
    async with api.admin.unit_of_work() as session:
        return (await session.execute(text("select * from api_keys where id = :id"), {"id": key["id"]})).one()


async def test_a_key_works_in_both_headers_and_only_its_hash_is_stored(api: Api) -> None:
    user = await api.new_user()
    key = await make_key(api, user)
    assert key["secret"].startswith("pk_live_") and len(key["secret"]) > 48
    assert key["secret"].startswith(key["prefix"]) and len(key["prefix"]) < 16
    assert (await with_key(api, key).get("/v1/alerts/rules")).status == 200
    assert (await api.client_with(**{"X-API-Key": key["secret"]}).get("/v1/chains")).status == 200
    stored = await row(api, key)
    assert key["secret"].encode() not in bytes(stored.secret_hash) and len(stored.secret_hash) == 32
    listed = (await api.client_of(user).get("/v1/api-keys")).data["items"]
    assert [each["id"] for each in listed] == [key["id"]]
    assert "secret" not in listed[0] and key["secret"] not in str(listed)
    assert listed[0]["lastUsedAt"]


async def test_made_up_expired_and_revoked_keys_read_the_same(api: Api) -> None:
    user = await api.new_user()
    expired, revoked = await make_key(api, user, expiresInDays=1), await make_key(api, user)
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update api_keys set expires_at = now() - interval '1 second' where id = :id"), {"id": expired["id"]}
        )
    assert (await with_key(api, revoked).get("/v1/chains")).status == 200
    assert (await api.client_of(user).send("DELETE", f"/v1/api-keys/{revoked['id']}")).status == 200
    secrets = (expired["secret"], revoked["secret"], "pk_live_" + "x" * 43, "pk_live_", "pk_live_" + "x" * 9000)
    replies = [await api.client_with(**{"X-API-Key": secret}).get("/v1/chains") for secret in secrets]
    assert [reply.status for reply in replies] == [401] * 5
    assert len({str(reply.error) for reply in replies}) == 1
    again = await api.client_of(user).send("DELETE", f"/v1/api-keys/{revoked['id']}")
    assert again.status == 404


async def test_a_key_reaches_what_its_scopes_name_and_never_the_account(api: Api) -> None:
    user = await api.new_user()
    reader = with_key(api, await make_key(api, user, scopes=["read:alerts"]))
    assert (await reader.get("/v1/alerts/history")).status == 200
    for method, path in (("POST", "/v1/alerts/rules"), ("GET", "/v1/chains"), ("GET", "/v1/market/prices")):
        reply = await reader.send(method, path, json=WHALE if method == "POST" else None)
        assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN"), path
        assert "scope" in reply.error["message"]
    everything = with_key(api, await make_key(api, user))
    assert (await everything.post("/v1/alerts/rules", json=WHALE)).status == 201
    spec = (await api.anonymous.get("/openapi.json")).json["paths"]
    closed = [
        (method.upper(), path)
        for path, methods in spec.items()
        for method, described in methods.items()
        if described.get("security") and not any(any(each.values()) for each in described["security"])
    ]
    assert {("GET", "/v1/auth/me"), ("POST", "/v1/api-keys"), ("GET", "/v1/alerts/webhook-secret")} <= set(closed)
    for method, path in closed:
        path = path.replace("{", "").replace("}", "")
        reply = await everything.send(method, path, json={})
        assert reply.status == 403, (method, path, reply.status)


async def test_a_key_needs_the_plan_when_made_and_whenever_used(api: Api) -> None:
    pro = await api.new_user(tier="pro")
    refused = await api.client_of(pro).post("/v1/api-keys", json={"name": "x", "scopes": SCOPES})
    assert (refused.status, refused.error["code"]) == (403, "TIER_LIMIT_REACHED")
    assert refused.error["details"]["upgradeTo"] == "enterprise"
    user = await api.new_user()
    key = await make_key(api, user)
    client = with_key(api, key)
    assert (await client.get("/v1/chains")).status == 200
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set tier = 'pro' where id = :id"), {"id": user.id})
    reply = await client.get("/v1/chains")
    assert (reply.status, reply.error["code"]) == (403, "TIER_LIMIT_REACHED")
    assert "Enterprise" in reply.error["message"]
    person = api.client_of(user)
    assert (await person.post(f"/v1/api-keys/{key['id']}/rotate", json={})).status == 403
    assert (await person.send("DELETE", f"/v1/api-keys/{key['id']}")).status == 200, "what is left can be cleaned up"


async def test_rotating_keeps_the_old_secret_for_the_grace_and_no_older_one(api: Api) -> None:
    user = await api.new_user()
    first = await make_key(api, user)
    path = f"/v1/api-keys/{first['id']}/rotate"
    second = (await api.client_of(user).post(path, json={"graceHours": 24})).data
    assert second["id"] == first["id"] and second["secret"] != first["secret"]
    assert [(await with_key(api, key).get("/v1/chains")).status for key in (first, second)] == [200, 200]
    third = (await api.client_of(user).post(path, json={"graceHours": 1})).data
    assert [(await with_key(api, key).get("/v1/chains")).status for key in (first, second, third)] == [401, 200, 200]
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update api_keys set old_secret_until = now() - interval '1 second' where id = :id"),
            {"id": first["id"]},
        )
    assert [(await with_key(api, key).get("/v1/chains")).status for key in (second, third)] == [401, 200]
    fourth = (await api.client_of(user).post(path, json={})).data
    assert [(await with_key(api, key).get("/v1/chains")).status for key in (third, fourth)] == [401, 200]
    assert (await api.client_of(user).post(path, json={"graceHours": 25})).status == 422


async def test_twenty_keys_stay_twenty_whoever_comes_at_once(api: Api) -> None:
    client = api.client_of(await api.new_user())
    body = {"name": "One of many", "scopes": ["read:alerts"]}
    replies = await asyncio.gather(*(client.post("/v1/api-keys", json=body) for _ in range(30)))
    assert sorted(reply.status for reply in replies) == [201] * 20 + [403] * 10
    assert (await client.get("/v1/api-keys")).data["total"] == 20


async def test_the_last_use_is_noted_once_a_minute(api: Api) -> None:
    key = await make_key(api, await api.new_user())
    assert (await row(api, key)).last_used_at is None
    await with_key(api, key).get("/v1/chains")
    first = (await row(api, key)).last_used_at
    await with_key(api, key).get("/v1/chains")
    assert first is not None and (await row(api, key)).last_used_at == first
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update api_keys set last_used_at = now() - interval '61 seconds' where id = :id"), {"id": key["id"]}
        )
    await with_key(api, key).get("/v1/chains")
    assert (await row(api, key)).last_used_at > first


async def test_a_key_counts_for_itself_and_for_the_account(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.REQUESTS_PER_MINUTE, "enterprise", 8)
    user = await api.new_user()
    small = with_key(api, await make_key(api, user, requestsPerMinute=2))
    large = with_key(api, await make_key(api, user))  # two of the account's eight are gone now
    replies = [await small.get("/v1/chains") for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-RateLimit-Limit"] for reply in replies] == ["2"] * 3
    assert replies[2].error["code"] == "RATE_LIMIT_EXCEEDED" and int(replies[2].headers["Retry-After"]) >= 1
    assert [(await large.get("/v1/chains")).status for _ in range(5)] == [200, 200, 200, 200, 429]
    above = await api.client_of(await api.new_user()).post(
        "/v1/api-keys", json={"name": "x", "scopes": SCOPES, "requestsPerMinute": 200_000}
    )
    assert (above.status, list(above.error["details"])) == (422, ["requestsPerMinute"])


async def test_every_change_is_logged_without_the_secret(api: Api) -> None:
    user = await api.new_user()
    key = await make_key(api, user)
    rotated = (await api.client_of(user).post(f"/v1/api-keys/{key['id']}/rotate", json={"graceHours": 2})).data
    await api.client_of(user).send("DELETE", f"/v1/api-keys/{key['id']}")
    async with api.admin.unit_of_work() as session:
        rows = (
            await session.execute(
                text(
                    "select action, target, details::text from audit_log where user_id = :id order by recorded_at, id"
                ),
                {"id": user.id},
            )
        ).all()
    assert [each.action for each in rows] == ["api_key.created", "api_key.rotated", "api_key.revoked"]
    assert {each.target for each in rows} == {key["id"]}
    assert key["secret"] not in str(rows) and rotated["secret"] not in str(rows)


async def test_keys_of_others_are_not_there(api: Api) -> None:
    key = await make_key(api, await api.new_user())
    stranger = api.client_of(await api.new_user())
    assert (await stranger.get("/v1/api-keys")).data["items"] == []
    assert (await stranger.post(f"/v1/api-keys/{key['id']}/rotate", json={})).status == 404
    assert (await stranger.send("DELETE", f"/v1/api-keys/{key['id']}")).status == 404
    assert (await with_key(api, key).get("/v1/chains")).status == 200


async def test_the_log_names_the_key_that_changed_something(api: Api) -> None:
    user = await api.new_user()
    key = await make_key(api, user)
    assert (await with_key(api, key).post("/v1/alerts/rules", json=WHALE)).status == 201
    assert (await api.client_of(user).post("/v1/alerts/rules", json=WHALE)).status == 201
    entries = (await api.client_of(user).get("/v1/account/audit")).data["items"]
    made = [each["details"].get("apiKey") for each in entries if each["action"] == "alert_rule.created"]
    assert made == [None, key["prefix"]], "newest first; what follows in another request has no key"
