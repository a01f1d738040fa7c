"""Signing in with Google and GitHub over real sockets: whose account it is, and whose it must not become."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from sqlalchemy import text

from backend.accounts.oauth import google, http
from backend.core.clock import utc_now
from backend.core.ids import new_id
from backend.core.settings import Settings
from tests.doubles.identity_provider import IdentityProvider, Person, identity_provider
from tests.doubles.wallets import key_account
from tests.integration.api.conftest import Api, Reply, serving
from tests.integration.wallets.browser import Browser

PROVIDERS = ("google", "github")


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    google.forget_discovery()
    http.forget_outages()
    async with identity_provider() as running:
        running.person = Person(str(new_id().int % 10**12), f"{new_id()}@example.com")
        yield running


@pytest.fixture
async def api(make_settings: Callable[..., Settings], provider: IdentityProvider) -> AsyncIterator[Api]:
    async with serving(make_settings(**provider.settings())) as running:
        yield running


async def agree(url: str) -> str:
    """Go to the provider and agree; return the path of ours that the browser is sent to."""
    async with aiohttp.ClientSession() as client, client.get(url, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


async def come(browser: Browser, name: str, next_path: str = "/alerts") -> Reply:
    leaving = await browser.get(f"/v1/auth/oauth/{name}/start?next={next_path}")
    assert leaving.status == 303
    return await browser.get(await agree(leaving.headers["Location"]))


def problem_of(reply: Reply) -> tuple[str, str]:
    where = urlsplit(reply.headers["Location"])
    return where.path, dict(parse_qsl(where.query)).get("error", "")


async def account(api: Api, email: str, confirmed: bool) -> str:
    user = await api.new_user("pro")
    async with api.admin.unit_of_work() as session:
        statement = text("update premium_users set email = :e, email_verified_at = :at where id = :id")
        await session.execute(statement, {"e": email, "at": utc_now() if confirmed else None, "id": user.id})
    return str(user.id)


async def rows(api: Api, statement: str, **values: Any) -> list[Any]:
    async with api.admin.unit_of_work() as session:
        return list((await session.execute(text(statement), values)).all())


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_stranger_gets_a_confirmed_free_account_and_comes_back_to_it(
    api: Api, provider: IdentityProvider, name: str
) -> None:
    browser = Browser(api)
    arrived = await come(browser, name)
    assert (arrived.status, arrived.headers["Location"]) == (303, "/alerts")
    me = (await browser.me()).data
    assert (me["email"], me["tier"]) == (provider.person.email, "free")
    (row,) = await rows(api, "select password_hash, email_verified_at from premium_users where id = :id", id=me["id"])
    assert row.password_hash is None and row.email_verified_at is not None
    assert [each.action for each in await rows(
        api, "select action from audit_log where user_id = :id order by recorded_at, id", id=me["id"]
    )] == ["account.created", "identity.linked", "session.opened"]  # fmt: skip
    provider.person.email = f"changed-{provider.person.email}"  # the subject counts, not the address
    again = Browser(api)
    await come(again, name)
    assert (await again.me()).data["id"] == me["id"]


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_confirmed_address_links_to_its_account(api: Api, provider: IdentityProvider, name: str) -> None:
    user_id = await account(api, provider.person.email, confirmed=True)
    browser = Browser(api)
    assert (await come(browser, name)).headers["Location"] == "/alerts"
    me = (await browser.me()).data
    assert (me["id"], me["tier"]) == (user_id, "pro")
    (item,) = (await browser.get("/v1/account/identities")).data["items"]
    assert (item["provider"], item["email"]) == (name, provider.person.email)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_account_made_beforehand_with_the_victims_address_gets_nothing(
    api: Api, provider: IdentityProvider, name: str
) -> None:
    """Pre-hijacking: the attacker signed up with the victim's address and waits."""
    attackers = await account(api, provider.person.email, confirmed=False)
    victim = Browser(api)
    reply = await come(victim, name)
    assert problem_of(reply) == ("/sign-in", "oauth_account_unverified")
    assert (await victim.me()).status == 401
    assert await rows(api, "select 1 from user_identities where user_id = :id", id=attackers) == []


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_unverified_address_links_to_nothing(api: Api, provider: IdentityProvider, name: str) -> None:
    await account(api, provider.person.email, confirmed=True)
    provider.person.verified = False
    browser = Browser(api)
    assert problem_of(await come(browser, name)) == ("/sign-in", "oauth_email_unverified")
    assert (await browser.me()).status == 401


async def test_both_providers_lead_to_one_account(api: Api) -> None:
    first, second = Browser(api), Browser(api)
    await come(first, "google")
    await come(second, "github")
    assert (await first.me()).data["id"] == (await second.me()).data["id"]
    assert (await first.get("/v1/account/identities")).data["total"] == 2


async def test_login_csrf_signs_nobody_in(api: Api) -> None:
    """An attacker sends the victim the address that the attacker's own trip ends in."""
    attacker, victim = Browser(api), Browser(api)
    leaving = await attacker.get("/v1/auth/oauth/google/start")
    path = await agree(leaving.headers["Location"])
    assert problem_of(await victim.get(path)) == ("/sign-in", "oauth_state")
    assert (await victim.me()).status == 401
    await victim.get("/v1/auth/oauth/google/start")  # a browser with a handle of its own
    leaving = await attacker.get("/v1/auth/oauth/google/start")
    assert problem_of(await victim.get(await agree(leaving.headers["Location"]))) == ("/sign-in", "oauth_state")


async def test_the_handle_of_a_browser_is_closed_to_scripts(api: Api) -> None:
    cookie = (await Browser(api).get("/v1/auth/oauth/google/start")).headers["Set-Cookie"]
    assert cookie.startswith("premium_browser=") and "HttpOnly" in cookie and "SameSite=lax" in cookie


async def test_next_is_a_path_of_this_site(api: Api) -> None:
    assert (await come(Browser(api), "google", "https://evil.example/")).headers["Location"] == "/"


async def test_the_answer_of_the_provider_reaches_no_page(api: Api) -> None:
    reply = await Browser(api).get(
        "/v1/auth/oauth/google/callback?error=<script>alert(1)</script>&error_description=Call+me&state=x"
    )
    assert reply.headers["Location"] == "/sign-in?error=oauth_state"


@pytest.mark.parametrize("name", ["facebook", "google", ".."])
async def test_a_provider_that_is_not_configured(make_settings: Callable[..., Settings], name: str) -> None:
    async with serving(make_settings()) as api:
        reply = await Browser(api).get(f"/v1/auth/oauth/{name}/start")
        assert reply.status == 404 if name == ".." else problem_of(reply) == ("/sign-in", "oauth_not_offered")


async def test_the_provider_or_redis_is_down(
    api: Api, provider: IdentityProvider, make_settings: Callable[..., Settings]
) -> None:
    browser = Browser(api)
    leaving = await browser.get("/v1/auth/oauth/google/start?next=/alerts")
    path = await agree(leaving.headers["Location"])
    provider.mood, provider.mood_at = "down", "/token"
    reply = await browser.get(path)
    assert reply.headers["Location"] == "/sign-in?error=oauth_unavailable&next=%2Falerts"
    await _with_redis_away(make_settings(**provider.settings(), redis_url="redis://127.0.0.1:9"))


async def _with_redis_away(settings: Settings) -> None:
    async with serving(settings) as api:
        for path in ("start", "callback?state=x&code=y"):
            reply = await Browser(api).get(f"/v1/auth/oauth/github/{path}")
            assert problem_of(reply) == ("/sign-in", "oauth_unavailable")


async def linking(browser: Browser, name: str) -> str:
    """Begin to link and agree at the provider; return where the browser comes back to."""
    reply = await browser.post(f"/v1/account/identities/{name}/link")
    return await agree(reply.data["url"])


async def signed_in(api: Api) -> Browser:
    browser = Browser(api)
    assert (await browser.sign_in(key_account(str(new_id())))).status == 200
    return browser


@pytest.mark.parametrize("name", PROVIDERS)
async def test_linking_from_settings(api: Api, provider: IdentityProvider, name: str) -> None:
    browser = await signed_in(api)
    me = (await browser.me()).data["id"]
    reply = await browser.get(await linking(browser, name))
    assert reply.headers["Location"] == f"/settings/security/?linked={name}"
    elsewhere = Browser(api)
    await come(elsewhere, name)
    assert (await elsewhere.me()).data["id"] == me
    (item,) = (await browser.get("/v1/account/identities")).data["items"]
    assert (await browser.send("DELETE", f"/v1/account/identities/{item['id']}")).status == 200
    log = await rows(api, "select action from audit_log where user_id = :id and action like 'identity.%'", id=me)
    assert {each.action for each in log} == {"identity.linked", "identity.unlinked"}


async def test_an_account_elsewhere_belongs_to_one_account_here(api: Api) -> None:
    first, second = await signed_in(api), await signed_in(api)
    await first.get(await linking(first, "google"))
    reply = await second.get(await linking(second, "google"))
    assert problem_of(reply) == ("/settings/security/", "oauth_taken")
    again = await first.get(await linking(first, "google"))
    assert problem_of(again) == ("/settings/security/", "oauth_taken")


async def test_linking_ends_with_who_began_it(api: Api) -> None:
    """Somebody else signed in meanwhile, or nobody: the account elsewhere must not become theirs."""
    (before,) = (await rows(api, "select count(*) as n from user_identities"))[0]
    browser = await signed_in(api)
    path = await linking(browser, "google")
    await browser.sign_in(key_account(str(new_id())))
    assert problem_of(await browser.get(path)) == ("/settings/security/", "oauth_session")
    path = await linking(browser, "google")
    del browser.cookies["premium_session"]
    assert problem_of(await browser.get(path)) == ("/settings/security/", "oauth_session")
    assert (await rows(api, "select count(*) as n from user_identities"))[0].n == before


async def test_an_unconfirmed_address_links_nothing(api: Api, provider: IdentityProvider) -> None:
    """Neither when it begins nor, if the address changes on the way, when it ends."""
    browser = await signed_in(api)
    me = (await browser.me()).data["id"]
    path = await linking(browser, "google")
    async with api.admin.unit_of_work() as session:
        statement = text("update premium_users set email = :e where id = :id")
        await session.execute(statement, {"e": f"victim-{me}@example.com", "id": me})
    assert (await browser.post("/v1/account/identities/google/link")).status == 403
    assert problem_of(await browser.get(path)) == ("/settings/security/", "oauth_unconfirmed")
    assert await rows(api, "select 1 from user_identities where user_id = :id", id=me) == []
