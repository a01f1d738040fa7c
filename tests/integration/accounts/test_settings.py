"""The account's own settings: password, address, sessions, second factor; and who may not change them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from tests.integration.accounts.conftest import GOOD_PASSWORD, Post
from tests.integration.accounts.test_second_factor import code, wrong
from tests.integration.accounts.test_sign_up import address, cookie_of, verify
from tests.integration.api.conftest import PASSWORD, Api, Client, Reply

NEW = "entirely different words"


async def browser(api: Api, user: CurrentUser, password: str = PASSWORD) -> Client:
    """A signed-in browser on a page of ours."""
    reply = await api.anonymous.post("/v1/auth/login", data={"email": user.email, "password": password})
    return api.client_with(Cookie=cookie_of(reply, "premium_session"), Origin=api.url)


async def status(client: Client) -> int:
    return (await client.get("/v1/auth/me")).status


async def ended(client: Client) -> bool:
    """Whether the client is signed out, now or when the news of it arrives."""
    for _ in range(100):
        if await status(client) == 401:
            return True
        await asyncio.sleep(0.02)
    return False


async def actions(api: Api, user: CurrentUser) -> list[str]:
    async with api.admin.unit_of_work() as session:
        rows = await session.execute(text("select action from audit_log where user_id = :id"), {"id": user.id})
        return list(rows.scalars())


def rotated(api: Api, reply: Reply) -> Client:
    return api.client_with(Cookie=cookie_of(reply, "premium_session"), Origin=api.url)


async def grow_old(api: Api, user: CurrentUser) -> None:
    """Have the user's sessions begin an hour ago."""
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update user_sessions set created_at = now() - interval '1 hour' where user_id = :id"),
            {"id": user.id},
        )


async def test_changing_the_password_needs_the_current_one_and_ends_every_other_session(api: Api, post: Post) -> None:
    user = await api.new_user()
    mine, other, program = await browser(api, user), await browser(api, user), api.client_of(user)
    change = {"currentPassword": PASSWORD, "newPassword": NEW}
    for body, field in (
        ({"newPassword": NEW}, "currentPassword"), ({**change, "currentPassword": "wrong"}, "currentPassword"),
        ({**change, "newPassword": "short"}, "newPassword"),
    ):  # fmt: skip
        refused = await mine.post("/v1/account/password", json=body)
        assert refused.status == 422 and set(refused.error["details"]) == {field}
    assert await post.mails() == []
    reply = await mine.post("/v1/account/password", json=change)
    assert reply.status == 200
    assert await status(rotated(api, reply)) == 200
    assert [await ended(client) for client in (mine, other, program)] == [True] * 3, "the old cookie too"
    assert (await post.mail()).template == "password_changed"
    assert {"account.password_changed", "session.ended_others"} <= set(await actions(api, user))
    assert await status(await browser(api, user, NEW)) == 200


async def test_a_reset_link_sets_a_password_once_ends_everything_and_proves_the_address(
    api: Api, visitor: Client, post: Post
) -> None:
    user = await api.new_user()
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set email_verified_at = null where id = :id"), {"id": user.id})
    mine = await browser(api, user)
    pair = (await visitor.post("/v1/auth/token", json={"email": user.email, "password": PASSWORD})).data
    await visitor.post("/v1/auth/forgot-password", json={"email": user.email})
    first = (await post.mail()).token
    await visitor.post("/v1/auth/forgot-password", json={"email": user.email})
    token = (await post.mail()).token
    body = {"token": token, "password": NEW}
    assert (await visitor.post("/v1/auth/reset-password", json={**body, "token": first})).status == 422, "newest only"
    weak = await visitor.post("/v1/auth/reset-password", json={**body, "password": "password1234"})
    assert set(weak.error["details"]) == {"password"}, "the link is still good"
    replies = await asyncio.gather(*(visitor.post("/v1/auth/reset-password", json=body) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [200, 422, 422, 422], "of many at once, one"
    good = next(reply for reply in replies if reply.status == 200)
    assert good.data["location"] == "/sign-in/?notice=reset" and "Set-Cookie" not in good.headers
    assert await ended(mine)
    refreshed = await visitor.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert refreshed.status == 401, "families of refresh tokens end too"
    assert (await (await browser(api, user, NEW)).get("/v1/account")).data["emailVerified"] is True
    assert (await visitor.post("/v1/auth/token", json={"email": user.email, "password": PASSWORD})).status == 401
    assert [mail.template for mail in await post.mails()] == ["password_changed"]


async def test_a_reset_does_not_get_around_the_second_factor(api: Api, visitor: Client, post: Post) -> None:
    user = await api.new_user()
    await turn_on(api, await browser(api, user))
    await post.mails()
    await visitor.post("/v1/auth/forgot-password", json={"email": user.email})
    token = (await post.mail()).token
    await visitor.post("/v1/auth/reset-password", json={"token": token, "password": NEW})
    reply = await visitor.post("/v1/auth/login", data={"email": user.email, "password": NEW})
    assert reply.headers["Location"] == "/sign-in/?step=code"


async def test_the_new_address_proves_itself_and_the_old_one_is_told(api: Api, post: Post) -> None:
    user, new = await api.new_user(), address()
    mine = await browser(api, user)
    same = await mine.post("/v1/account/email", json={"email": user.email.upper()})
    assert set(same.error["details"]) == {"email"}
    await grow_old(api, user)
    refused = await mine.post("/v1/account/email", json={"email": new})
    assert set(refused.error["details"]) == {"password"}, "an hour after signing in the password is asked for"
    assert (await mine.post("/v1/account/email", json={"email": new, "password": PASSWORD})).status == 202
    account = (await mine.get("/v1/account")).data
    assert (account["email"], account["pendingEmail"]) == (user.email, new)
    mails = {mail.recipient: mail for mail in await post.mails()}
    assert mails[new].template == "verify_email" and mails[user.email].template == "security_notice"
    assert new in mails[user.email].text
    done = await verify(api.client_with(Origin=api.url), mails[new].token, password=PASSWORD)
    assert done.status == 200
    account = (await mine.get("/v1/account")).data
    assert (account["email"], account["emailVerified"], account["pendingEmail"]) == (new, True, None)
    assert (await post.mail()).recipient == user.email
    assert "account.email_changed" in await actions(api, user)


async def test_changing_to_anothers_address_tells_nothing_and_changes_nothing(api: Api, post: Post) -> None:
    user, other = await api.new_user(), await api.new_user()
    mine = await browser(api, user)
    taken = await mine.post("/v1/account/email", json={"email": other.email})
    assert (taken.status, taken.data) == (202, {"email": other.email})
    token = next(mail for mail in await post.mails() if mail.recipient == other.email).token
    followed = await verify(api.client_with(Origin=api.url), token, password=PASSWORD)
    assert (followed.status, followed.error["code"]) == (409, "CONFLICT")
    assert (await mine.get("/v1/account")).data["email"] == user.email


async def test_sessions_are_listed_and_ended_one_by_one_and_all_at_once(api: Api) -> None:
    user, stranger = await api.new_user(), await api.new_user()
    mine, other, program = await browser(api, user), await browser(api, user), api.client_of(user)
    listed = (await mine.get("/v1/account/sessions")).data
    assert listed["total"] == 3 and [each["current"] for each in listed["items"]].count(True) == 1
    assert {each["kind"] for each in listed["items"]} == {"browser", "program"}
    assert all(set(each) >= {"device", "ipAddress", "createdAt", "lastSeenAt", "way"} for each in listed["items"])
    there = next(e for e in (await other.get("/v1/account/sessions")).data["items"] if e["current"])
    outsider = await browser(api, stranger)
    path = f"/v1/account/sessions/{there['id']}"
    assert (await outsider.send("DELETE", path)).status == 404, "of somebody else"
    assert (await mine.send("DELETE", path)).status == 200
    assert await ended(other)
    assert (await mine.send("DELETE", path)).status == 404
    assert (await mine.send("DELETE", "/v1/account/sessions")).data == {"ended": 1}
    assert await ended(program)
    assert await status(mine) == await status(outsider) == 200


async def test_last_seen_is_noted_once_a_minute_and_idle_sessions_end(api: Api) -> None:
    user = await api.new_user()
    mine = await browser(api, user)

    async def age(interval: str) -> None:
        async with api.admin.unit_of_work() as session:
            await session.execute(
                text(
                    "update user_sessions set last_seen_at = now() - cast(:age as interval), token_hash = token_hash"
                    " where user_id = :id and kind = 'browser'"
                ),
                {"age": interval, "id": user.id},
            )

    async def seen() -> float:
        async with api.admin.unit_of_work() as session:
            rows = await session.execute(
                text(
                    "select extract(epoch from now() - last_seen_at)::float from user_sessions"
                    " where user_id = :id and kind = 'browser'"
                ),
                {"id": user.id},
            )
            return rows.scalar_one()

    await age("30 seconds")
    await asyncio.sleep(0.1)
    assert await status(mine) == 200 and await seen() >= 30, "not within the minute"
    await age("2 minutes")
    await asyncio.sleep(0.1)
    assert await status(mine) == 200 and await seen() < 10
    await age("8 days")
    assert await ended(mine)


async def turn_on(api: Api, client: Client) -> tuple[str, list[str], Client]:
    """Turn two-step sign-in on as the page does; return the seed, the codes, and the browser as it is then."""
    seed = (await client.post("/v1/account/two-factor/setup", json={})).data["secret"]
    reply = await client.post("/v1/account/two-factor/enable", json={"code": code(seed, -1)})
    assert reply.status == 200, reply.json
    return seed, reply.data["codes"], rotated(api, reply)


async def test_two_step_sign_in_from_qr_code_to_off(api: Api, post: Post) -> None:
    user = await api.new_user()
    mine = await browser(api, user)
    assert (await mine.get("/v1/account/two-factor/setup/qr.svg")).status == 404
    setup = (await mine.post("/v1/account/two-factor/setup", json={})).data
    assert setup["uri"].startswith("otpauth://totp/Premium:") and setup["secret"] in setup["uri"]
    picture = await mine.get("/v1/account/two-factor/setup/qr.svg")
    assert picture.headers["Content-Type"] == "image/svg+xml" and picture.headers["Cache-Control"] == "no-store"
    assert b"<svg" in picture.content and setup["secret"].encode() not in picture.content
    assert (await mine.get("/v1/account/two-factor")).data == {"enabled": False, "recoveryCodesLeft": 0}
    bad = await mine.post("/v1/account/two-factor/enable", json={"code": wrong(setup["secret"])})
    assert set(bad.error["details"]) == {"code"}
    seed, codes, after = await turn_on(api, mine)
    assert await ended(mine), "the session has another token now"
    assert (await after.get("/v1/account/two-factor")).data == {"enabled": True, "recoveryCodesLeft": 10}
    assert (await after.get("/v1/account/two-factor/setup/qr.svg")).status == 404, "a seed in use is never shown"
    assert (await after.post("/v1/account/two-factor/setup", json={})).status == 409
    renewed = await after.post("/v1/account/two-factor/recovery-codes", json={"code": code(seed)})
    assert renewed.status == 201 and not set(renewed.data["codes"]) & set(codes)
    assert (await after.post("/v1/account/two-factor/disable", json={"code": codes[0]})).status == 422, "replaced"
    off = await after.post("/v1/account/two-factor/disable", json={"code": renewed.data["codes"][0]})
    assert off.data == {"enabled": False, "recoveryCodesLeft": 0}
    assert await status(rotated(api, off)) == 200
    templates = [mail.template for mail in await post.mails()]
    assert templates.count("security_notice") == 2 and templates.count("sign_in_code_used") == 1
    log = await actions(api, user)
    assert {f"two_factor.{each}" for each in ("enabled", "disabled", "codes_renewed", "recovery_code_used")} <= set(log)


async def test_the_seed_is_stored_sealed_and_codes_only_as_hashes(api: Api) -> None:
    user = await api.new_user()
    seed, codes, _ = await turn_on(api, await browser(api, user))
    async with api.admin.unit_of_work() as session:
        stored = await session.execute(
            text(
                "select t::text from two_factor t where user_id = :id"
                " union all select r::text from recovery_codes r where user_id = :id"
            ),
            {"id": user.id},
        )
        everything = " ".join(stored.scalars()).encode()
    for secret in (seed, *codes):
        assert secret.encode() not in everything and secret.encode().hex().encode() not in everything


async def test_setting_up_needs_a_new_session_or_the_password(api: Api) -> None:
    user = await api.new_user()
    mine = await browser(api, user)
    await grow_old(api, user)
    asked = await mine.post("/v1/account/two-factor/setup", json={})
    assert set(asked.error["details"]) == {"password"}
    assert (await mine.post("/v1/account/two-factor/setup", json={"password": "wrong"})).status == 422
    assert (await mine.post("/v1/account/two-factor/setup", json={"password": PASSWORD})).status == 201


async def test_an_account_without_a_password_signs_in_again_instead(api: Api) -> None:
    user = await api.new_user()
    mine = await browser(api, user)
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set password_hash = null where id = :id"), {"id": user.id})
    assert (await mine.get("/v1/account")).data["hasPassword"] is False
    first = await mine.post("/v1/account/password", json={"newPassword": GOOD_PASSWORD})
    assert first.status == 200, "minutes after signing in a first password can be set"
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set password_hash = null where id = :id"), {"id": user.id})
    await grow_old(api, user)
    refused = await rotated(api, first).post("/v1/account/password", json={"newPassword": GOOD_PASSWORD})
    assert (refused.status, refused.error["code"]) == (403, "SIGN_IN_AGAIN")


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/account/email", {"email": "a@example.com", "password": PASSWORD}),
    ("POST", "/v1/account/password", {"currentPassword": PASSWORD, "newPassword": NEW}),
    ("POST", "/v1/account/verification-mail", {}),
    ("DELETE", "/v1/account/sessions", {}),
    ("DELETE", "/v1/account/sessions/01a20490-88a2-7595-9f40-9fda2c948c4b", {}),
    ("POST", "/v1/account/two-factor/setup", {"password": PASSWORD}),
    ("POST", "/v1/account/two-factor/enable", {"code": "123456"}),
    ("POST", "/v1/account/two-factor/disable", {"code": "123456"}),
    ("POST", "/v1/account/two-factor/recovery-codes", {"code": "123456"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=[path for _, path, _ in CHANGES])
async def test_another_site_or_nobody_changes_nothing(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    user = await api.new_user()
    cookie = (await browser(api, user)).headers["Cookie"]
    for origin in ("https://evil.example", "null", ""):
        headers = {"Cookie": cookie, **({"Origin": origin} if origin else {})}
        reply = await api.client_with(**headers).send(method, path, json=body)
        assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN"), origin
    assert (await api.client_with(Origin=api.url).send(method, path, json=body)).status == 401
    assert await status(api.client_with(Cookie=cookie)) == 200


async def test_guessing_the_password_in_the_settings_is_slowed_down_as_at_the_door(api: Api) -> None:
    user = await api.new_user()
    mine = await browser(api, user)
    body = {"currentPassword": "wrong", "newPassword": NEW}
    replies = await asyncio.gather(*(mine.post("/v1/account/password", json=body) for _ in range(12)))
    assert [reply.status for reply in replies].count(429) >= 3
