"""Signing up: nobody learns who has an account, nothing but address and password counts, links work once."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import event, text

from backend.accounts import tasks
from backend.accounts.email_address.service import EmailNotVerifiedError, require_verified
from backend.accounts.schemas import CurrentUser
from backend.api.resources import resources
from backend.core.ids import new_id
from tests.integration.accounts.conftest import GOOD_PASSWORD, Post
from tests.integration.api.conftest import PASSWORD, Api, Client, Reply


def address() -> str:
    return f"new-{new_id().hex}@example.com"


async def sign_up(visitor: Client, email: str, **more: Any) -> Reply:
    return await visitor.post("/v1/auth/sign-up", json={"email": email, "password": GOOD_PASSWORD, **more})


async def verify(visitor: Client, token: str, cookie: str = "", password: str = "") -> Reply:
    """Follow a confirming link: in the browser with this cookie, or in another one with the account's password."""
    body = {"token": token, **({} if cookie else {"password": password or GOOD_PASSWORD})}
    return await visitor.post("/v1/auth/verify-email", json=body, headers={"Cookie": cookie} if cookie else {})


def cookie_of(reply: Reply, name: str) -> str:
    return next(each.split(";")[0] for each in reply.headers.getall("Set-Cookie") if each.startswith(f"{name}="))


async def row(api: Api, email: str) -> Any:
    async with api.admin.unit_of_work() as session:
        return (await session.execute(text("select * from premium_users where email = :e"), {"e": email})).one()


async def test_from_sign_up_to_signed_in_by_the_link_in_the_same_browser(api: Api, visitor: Client, post: Post) -> None:
    email = address()
    reply = await sign_up(visitor, email.upper())
    assert (reply.status, reply.data) == (202, {"email": email})
    browser = cookie_of(reply, "premium_browser")
    account = await row(api, email)
    assert (account.tier, account.email_verified_at) == ("free", None)
    assert account.password_hash.startswith("$argon2id$")
    mail = await post.mail()
    assert (mail.recipient, mail.template) == (email, "verify_email")
    assert f"{api.settings.app_url}/verify-email/#" in mail.text
    followed = await verify(visitor, mail.token, browser)
    assert (followed.status, followed.data["location"]) == (200, "/?welcome=1")
    session = cookie_of(followed, "premium_session")
    me = await api.client_with(Cookie=session).get("/v1/auth/me")
    assert (me.data["email"], me.data["tier"]) == (email, "free")
    assert (await row(api, email)).email_verified_at is not None
    again = await verify(visitor, mail.token, browser)
    assert (again.status, again.error["code"]) == (422, "LINK_INVALID")


async def test_in_another_browser_the_link_confirms_and_signs_nobody_in(visitor: Client, post: Post) -> None:
    await sign_up(visitor, address())
    followed = await verify(visitor, (await post.mail()).token)
    assert followed.data["location"] == "/sign-in/?notice=verified"
    assert "Set-Cookie" not in followed.headers


async def test_the_mailbox_alone_confirms_nobody_elses_account(api: Api, visitor: Client, post: Post) -> None:
    """Somebody signs up with Ann's address and waits; Ann follows the link that she finds in her mailbox."""
    email = address()
    await sign_up(visitor, email)
    token = (await post.mail()).token
    ann = await api.sign_in(await api.new_user())
    for body, cookie in (({}, ""), ({}, ann), ({"password": "not the one that was chosen"}, "")):
        refused = await visitor.post("/v1/auth/verify-email", json={"token": token, **body}, headers={"Cookie": cookie})
        assert (refused.status, set(refused.error["details"])) == (422, {"password"})
        assert (await row(api, email)).email_verified_at is None
    assert (await verify(visitor, token)).status == 200, "the link was not used up"


async def test_an_address_in_use_reads_the_same_and_its_owner_is_told(api: Api, visitor: Client, post: Post) -> None:
    owner = await api.new_user("pro")
    before = await row(api, owner.email)
    taken, free = await sign_up(visitor, owner.email), await sign_up(visitor, address())
    assert taken.status == free.status == 202
    assert set(taken.data) == set(free.data) == {"email"}
    assert set(taken.headers) == set(free.headers)
    mails = {mail.template: mail for mail in await post.mails()}
    assert mails["email_in_use"].recipient == owner.email and "#" not in mails["email_in_use"].text
    assert await row(api, owner.email) == before, "nothing of the account was changed"
    wrong = await visitor.post("/v1/auth/token", json={"email": owner.email, "password": GOOD_PASSWORD})
    assert wrong.status == 401


async def test_requests_do_the_same_whether_there_is_an_account(api: Api, visitor: Client, post: Post) -> None:
    """Not the clock but the statements are compared: the same ones, in the same order, and one job each."""
    owner = await api.new_user()
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = resources().database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for path, more in (
            ("sign-up", {"password": GOOD_PASSWORD}), ("forgot-password", {}), ("resend-verification", {}),
        ):  # fmt: skip
            done = []
            for email in (owner.email, address()):
                statements.clear()
                reply = await visitor.post(f"/v1/auth/{path}", json={"email": email, **more})
                assert reply.status == 202
                jobs = [name for name, _ in await post.jobs()]
                done.append(([each for each in statements if "select 1" not in each], jobs))
            assert done[0] == done[1], path
            assert len(done[0][1]) == 1
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_what_waits_in_line_names_nobody(visitor: Client, post: Post) -> None:
    email = address()
    await sign_up(visitor, email)
    [(_, arguments)] = await post.jobs()
    assert email not in str(arguments) and GOOD_PASSWORD not in str(arguments)


async def test_nothing_but_address_and_password_can_be_asked_for(api: Api, visitor: Client, post: Post) -> None:
    email, chosen = address(), str(new_id())
    reply = await sign_up(
        visitor, email, tier="enterprise", id=chosen, emailVerifiedAt="2020-01-01T00:00:00Z", email_verified=True
    )
    assert reply.status == 202
    account = await row(api, email)
    assert (account.tier, account.email_verified_at) == ("free", None) and str(account.id) != chosen


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("nobody", GOOD_PASSWORD, "email"), ("a@b", GOOD_PASSWORD, "email"),
        ("a@b.com\r\nBcc: c@d.com", GOOD_PASSWORD, "email"),
        ("ann@example.com", "short", "password"), ("ann@example.com", "password1234", "password"),
        ("somebody.long@example.com", "somebody.long1", "password"),
    ],
)  # fmt: skip
async def test_bad_input_is_named_by_field(visitor: Client, email: str, password: str, field: str) -> None:
    reply = await visitor.post("/v1/auth/sign-up", json={"email": email, "password": password})
    assert (reply.status, reply.error["code"]) == (422, "INVALID_INPUT")
    assert set(reply.error["details"]) == {field}
    assert password not in reply.content.decode()


async def test_another_site_cannot_sign_anybody_up_or_follow_links(api: Api, post: Post) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        evil = api.client_with(**headers)
        for path, body in (
            ("sign-up", {"email": address(), "password": GOOD_PASSWORD}), ("verify-email", {"token": "x" * 43}),
            ("forgot-password", {"email": address()}), ("reset-password", {"token": "x" * 43, "password": "y" * 20}),
            ("resend-verification", {"email": address()}),
        ):  # fmt: skip
            assert (await evil.post(f"/v1/auth/{path}", json=body)).status == 403, path
    assert await post.jobs() == []


async def test_of_many_at_once_one_follows_the_link(visitor: Client, post: Post) -> None:
    await sign_up(visitor, address())
    token = (await post.mail()).token
    replies = await asyncio.gather(*(verify(visitor, token) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [200, 422, 422, 422, 422]


async def test_an_old_link_and_one_for_something_else_are_none(api: Api, visitor: Client, post: Post) -> None:
    email = address()
    await sign_up(visitor, email)
    token = (await post.mail()).token
    assert (
        await visitor.post("/v1/auth/reset-password", json={"token": token, "password": GOOD_PASSWORD})
    ).status == 422
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update account_links set expires_at = now() - interval '1 second'"))
    assert (await verify(visitor, token)).status == 422
    assert (await row(api, email)).email_verified_at is None


async def test_the_link_can_be_asked_for_again_with_growing_patience(
    api: Api, visitor: Client, post: Post, redis: Redis
) -> None:
    email = address()
    await sign_up(visitor, email)
    await post.mails()
    assert (await visitor.post("/v1/auth/resend-verification", json={"email": email})).status == 202
    mail = await post.mail()
    assert (mail.recipient, mail.template) == (email, "verify_email")
    reply = await visitor.post("/v1/auth/resend-verification", json={"email": email})
    assert reply.status == 429 and 50 <= int(reply.headers["Retry-After"]) <= 60
    [wait] = await redis.keys("verification:account:*:wait")
    await redis.delete(wait)
    assert (await visitor.post("/v1/auth/resend-verification", json={"email": email})).status == 202
    reply = await visitor.post("/v1/auth/resend-verification", json={"email": email})
    assert 100 < int(reply.headers["Retry-After"]) <= 120
    assert (await verify(visitor, mail.token)).status == 200
    await post.mails()
    await redis.flushall()
    await visitor.post("/v1/auth/resend-verification", json={"email": email})
    assert await post.mails() == [], "a confirmed address gets none"


async def test_unconfirmed_accounts_sign_in_and_reach_nothing_beyond_themselves(
    api: Api, visitor: Client, post: Post
) -> None:
    email = address()
    await sign_up(visitor, email)
    reply = await visitor.post("/v1/auth/login", data={"email": email, "password": GOOD_PASSWORD, "next": "/alerts"})
    browser = api.client_with(Cookie=cookie_of(reply, "premium_session"), Origin=api.url)
    account = (await browser.get("/v1/account")).data
    assert (account["email"], account["emailVerified"], account["hasPassword"]) == (email, False, True)
    user = CurrentUser((await row(api, email)).id, email, "free")
    async with resources().database.unit_of_work(user.id) as session:
        with pytest.raises(EmailNotVerifiedError):
            await require_verified(session, user)
    buying = await browser.post("/v1/subscriptions", json={"tier": "pro", "interval": "month"})
    assert (buying.status, buying.error["code"]) == (403, "EMAIL_NOT_VERIFIED")
    form = await browser.post("/v1/subscriptions/checkout", data={"tier": "pro", "interval": "month"})
    assert form.headers["Location"] == "/settings/account/"
    link = await post.mail()
    followed = await verify(api.client_with(Origin=api.url), link.token, cookie_of(reply, "premium_session"))
    assert followed.data["location"] == "/settings/account/?done=verified"
    async with resources().database.unit_of_work(user.id) as session:
        await require_verified(session, user)


async def test_without_redis_signing_up_is_still_limited(
    api: Api, monkeypatch: pytest.MonkeyPatch, visitor: Client
) -> None:
    from redis.exceptions import ConnectionError as RedisDown

    async def down(*_: Any, **__: Any) -> None:
        raise RedisDown("away")

    monkeypatch.setattr(resources().throttle._redis, "execute_command", down)
    email = address()
    statuses = [(await sign_up(visitor, email)).status for _ in range(5)]
    assert statuses == [202, 202, 202, 429, 429]


async def test_old_links_and_refresh_tokens_are_forgotten(api: Api, visitor: Client, post: Post) -> None:
    await sign_up(visitor, address())
    await post.do()
    user = await api.new_user()
    await visitor.post("/v1/auth/token", json={"email": user.email, "password": PASSWORD})
    counts = "select (select count(*) from account_links) + (select count(*) from refresh_tokens)"
    async with api.admin.unit_of_work() as session:
        assert (await session.execute(text(counts))).scalar_one() >= 2
        for table in ("account_links", "refresh_tokens"):
            await session.execute(text(f"update {table} set expires_at = now() - interval '31 days'"))
    await tasks.delete_old(tasks.JobContext(api.settings, post._worker, resources().redis, 0, 1), timestamp=0)
    async with api.admin.unit_of_work() as session:
        assert (await session.execute(text(counts))).scalar_one() == 0
