"""Signing in by token and by form, over a real socket: sessions, rotation, origins, back-off, equal words."""

import asyncio
import re

from redis.asyncio import Redis
from sqlalchemy import text

from backend.accounts.service import seed_demo_account
from tests.integration.api.conftest import PASSWORD, Api


async def test_a_token_for_the_right_password_opens_me(api: Api) -> None:
    user = await api.new_user(tier="pro")
    reply = await api.anonymous.post("/v1/auth/token", json={"email": user.email.upper(), "password": PASSWORD})
    assert reply.status == 200
    assert reply.data["token_type"] == "bearer" and reply.data["expires_in"] == 900
    client = api.client_with(Authorization=f"Bearer {reply.data['access_token']}")
    me = await client.get("/v1/auth/me")
    assert me.data == {"id": str(user.id), "email": user.email, "tier": "pro"}


async def test_wrong_password_and_unknown_email_read_the_same(api: Api) -> None:
    user = await api.new_user()
    wrong = await api.anonymous.post("/v1/auth/token", json={"email": user.email, "password": "wrong"})
    unknown = await api.anonymous.post("/v1/auth/token", json={"email": "nobody@example.com", "password": "wrong"})
    assert wrong.status == unknown.status == 401
    assert wrong.error == unknown.error
    assert "access_token" not in wrong.content.decode()


async def test_without_or_with_a_bad_token_nothing_opens(api: Api) -> None:
    for authorization in ("", "Bearer", "Bearer x", "Basic eDp5", "bearer a.b.c", "Bearer " + "x" * 6000):
        reply = await api.anonymous.get("/v1/auth/me", headers={"Authorization": authorization})
        assert reply.status == 401, authorization
        assert reply.error["code"] == "UNAUTHORIZED"
        assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_the_form_makes_a_session_that_logout_ends_on_the_server(api: Api) -> None:
    user = await api.new_user()
    cookie = await api.sign_in(user)
    browser = api.client_with(Cookie=cookie)
    assert (await browser.get("/v1/auth/me")).data["email"] == user.email
    reply = await browser.post("/v1/auth/logout", headers={"Origin": api.url})
    assert (reply.status, reply.headers["Location"]) == (303, "/sign-in")
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    assert (await browser.get("/v1/auth/me")).status == 401, "the old cookie must not live on"


async def test_the_cookie_is_closed_to_scripts_and_only_its_hash_is_stored(api: Api) -> None:
    user = await api.new_user()
    reply = await api.anonymous.post("/v1/auth/login", data={"email": user.email, "password": PASSWORD})
    header = reply.headers["Set-Cookie"]
    assert "HttpOnly" in header and "samesite=lax" in header.lower() and "Path=/" in header
    token = re.match(r"premium_session=([^;]+)", header).group(1)  # type: ignore[union-attr]
    async with api.admin.unit_of_work() as session:
        rows = (
            await session.execute(
                text("select * from user_sessions where user_id = :id and kind = 'browser'"), {"id": user.id}
            )
        ).all()
    assert len(rows) == 1
    assert token.encode() not in bytes(rows[0].token_hash) and len(rows[0].token_hash) == 32
    assert rows[0].ip_address == "127.0.0.1"


async def test_signing_in_again_ends_the_session_of_before(api: Api) -> None:
    user = await api.new_user()
    first = await api.sign_in(user)
    second = await api.sign_in(user, cookie=first)
    assert first != second
    assert (await api.client_with(Cookie=first).get("/v1/auth/me")).status == 401
    assert (await api.client_with(Cookie=second).get("/v1/auth/me")).status == 200


async def test_an_expired_session_is_none(api: Api) -> None:
    user = await api.new_user()
    cookie = await api.sign_in(user)
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update user_sessions set expires_at = now() - interval '1 s' where user_id = :id"), {"id": user.id}
        )
    assert (await api.client_with(Cookie=cookie).get("/v1/auth/me")).status == 401


async def test_failures_of_the_form_lead_back_with_a_reason(api: Api) -> None:
    user = await api.new_user()
    wrong = await api.anonymous.post(
        "/v1/auth/login", data={"email": user.email, "password": "wrong", "next": "/alerts"}
    )
    assert (wrong.status, wrong.headers["Location"]) == (303, "/sign-in?error=credentials&next=%2Falerts")
    assert "Set-Cookie" not in wrong.headers
    foreign = await api.anonymous.post(
        "/v1/auth/login", data={"email": user.email, "password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.headers["Location"] == "/sign-in?error=origin"
    outside = await api.anonymous.post(
        "/v1/auth/login", data={"email": user.email, "password": PASSWORD, "next": "//evil.example/x"}
    )
    assert outside.headers["Location"] == "/"
    empty = await api.anonymous.post("/v1/auth/login", data={})
    assert empty.headers["Location"] == "/sign-in?error=credentials"


async def test_changes_by_cookie_must_come_from_our_pages(api: Api) -> None:
    browser = api.client_with(Cookie=await api.sign_in(await api.new_user()))
    body = {"destination": "https://example.com/"}
    for origin in ("https://evil.example", "null", "http://localhost.evil.example:8000", "", api.url + ".evil.example"):
        headers = {"Origin": origin} if origin else {}
        reply = await browser.post("/v1/alerts/webhook-test", json=body, headers=headers)
        assert reply.status == 403, origin
        assert reply.error["code"] == "FORBIDDEN"
    assert (await browser.post("/v1/alerts/webhook-test", json=body, headers={"Origin": api.url})).status == 201
    referer = {"Referer": f"{api.url}/alerts/"}
    assert (await browser.post("/v1/alerts/webhook-test", json=body, headers=referer)).status == 201
    logout = await browser.post("/v1/auth/logout", headers={"Origin": "https://evil.example"})
    assert logout.status == 403
    assert (await browser.get("/v1/auth/me")).status == 200


async def test_guessing_is_slowed_down_for_the_guesser_not_for_others(api: Api, redis: Redis) -> None:
    user, other = await api.new_user(), await api.new_user()
    guess = {"email": user.email, "password": "wrong"}
    assert [(await api.anonymous.post("/v1/auth/token", json=guess)).status for _ in range(3)] == [401] * 3
    [key] = await redis.keys("signin:pair:*")
    await redis.set(key, 11)  # as after seven more, so that the wait is longer than this test
    assert (await api.anonymous.post("/v1/auth/token", json=guess)).status == 401
    reply = await api.anonymous.post("/v1/auth/token", json={"email": user.email, "password": PASSWORD})
    assert reply.status == 429 and 100 < int(reply.headers["Retry-After"]) <= 128
    assert reply.error["details"]["retryAfter"] == int(reply.headers["Retry-After"])
    form = await api.anonymous.post("/v1/auth/login", data={"email": user.email, "password": PASSWORD})
    assert form.headers["Location"].startswith("/sign-in?error=throttled&wait=")
    good = await api.anonymous.post("/v1/auth/token", json={"email": other.email, "password": PASSWORD})
    assert good.status == 200


async def test_parallel_guesses_are_counted_before_they_are_checked(api: Api) -> None:
    user = await api.new_user()
    guesses = [api.anonymous.post("/v1/auth/token", json={"email": user.email, "password": "wrong"}) for _ in range(20)]
    statuses = [reply.status for reply in await asyncio.gather(*guesses)]
    assert statuses.count(429) >= 8, statuses


async def test_the_demo_account_is_seeded_once(api: Api) -> None:
    async with api.admin.unit_of_work() as session:
        first = await seed_demo_account(session, api.settings)
    async with api.admin.unit_of_work() as session:
        assert await seed_demo_account(session, api.settings) == first
        count = await session.execute(text("select count(*) from premium_users where email = 'demo@example.com'"))
        assert count.scalar_one() == 1
    reply = await api.anonymous.post("/v1/auth/token", json={"email": "demo@example.com", "password": "premium-demo"})
    assert reply.status == 200 and first.tier == "enterprise"
