"""The trip to another provider and back: what proves an account there, and what does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from joserfc.jwk import RSAKey
from redis.asyncio import Redis

from backend.accounts.linked.schemas import ProvenIdentity
from backend.accounts.oauth import google, http
from backend.accounts.oauth.errors import OAuthFailedError, ProviderDownError
from backend.accounts.oauth.providers import configured_providers
from backend.accounts.oauth.service import begin_trip, find_trip, identity_of_return
from backend.core.browser import new_browser_handle
from backend.core.settings import Settings
from tests.doubles.identity_provider import IdentityProvider, Person, identity_provider

BROWSER = new_browser_handle()
PROVIDERS = ("google", "github")


@dataclass
class Traveller:
    """Goes to the provider and comes back, as a browser does."""

    redis: Redis
    settings: Settings
    provider: IdentityProvider

    async def leave(self, name: str) -> str:
        return await begin_trip(self.redis, self.settings, name, browser=BROWSER, next_path="/alerts", user_id=None)

    async def agree(self, url: str) -> dict[str, str]:
        async with aiohttp.ClientSession() as client, client.get(url, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    async def arrive(self, name: str, answer: dict[str, str], browser: str | None = BROWSER) -> ProvenIdentity:
        trip = await find_trip(self.redis, name, answer.get("state", ""), browser)
        return await identity_of_return(
            self.settings,
            trip,
            code=answer.get("code", ""),
            error=answer.get("error", ""),
            issuer=answer.get("iss"),
        )

    async def travel(self, name: str) -> ProvenIdentity:
        return await self.arrive(name, await self.agree(await self.leave(name)))

    async def reason(self, name: str) -> str:
        with pytest.raises((OAuthFailedError, ProviderDownError)) as caught:
            await self.travel(name)
        assert "premium-client-secret" not in str(caught.value)
        return caught.value.reason


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    google.forget_discovery()
    http.forget_outages()
    async with identity_provider() as running:
        yield running


@pytest.fixture
def traveller(
    redis: Redis, provider: IdentityProvider, make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> Traveller:
    monkeypatch.setattr(http, "CALL_SECONDS", 0.5)
    monkeypatch.setattr(http, "TRIP_SECONDS", 1.5)
    return Traveller(redis, make_settings(**provider.settings()), provider)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_there_and_back(traveller: Traveller, name: str) -> None:
    traveller.provider.person = Person("4711", "Alice@Example.com")
    assert await traveller.travel(name) == ProvenIdentity(name, "4711", "alice@example.com")  # type: ignore[arg-type]
    path, sent = next(each for each in traveller.provider.asked if each[0].endswith(("/auth", "/authorize")))
    assert sent["redirect_uri"] == f"{traveller.settings.app_url}/v1/auth/oauth/{name}/callback", path
    assert sent["code_challenge_method"] == "S256" and len(sent["state"]) >= 43


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_code_and_a_state_work_once(traveller: Traveller, name: str) -> None:
    answer = await traveller.agree(await traveller.leave(name))
    await traveller.arrive(name, answer)
    with pytest.raises(OAuthFailedError) as caught:
        await traveller.arrive(name, answer)
    assert caught.value.reason == "state"
    again = await traveller.agree(await traveller.leave(name))
    with pytest.raises(OAuthFailedError) as caught:
        await traveller.arrive(name, {**again, "code": answer["code"]})
    assert caught.value.reason == "failed"


@pytest.mark.parametrize("name", PROVIDERS)
async def test_only_the_browser_that_left_comes_back(traveller: Traveller, name: str) -> None:
    """Login CSRF: an attacker's answer must not sign the victim in to the attacker's account."""
    for browser in (new_browser_handle(), None):
        answer = await traveller.agree(await traveller.leave(name))
        with pytest.raises(OAuthFailedError) as caught:
            await traveller.arrive(name, answer, browser)
        assert caught.value.reason == "state"
        with pytest.raises(OAuthFailedError):  # and the state is used up
            await traveller.arrive(name, answer)
    for state in ("", "x", "x" * 5000, "\ud800"):
        with pytest.raises(OAuthFailedError):
            await traveller.arrive(name, {"state": state, "code": "x"})


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_injected_code_fails_on_its_verifier(traveller: Traveller, name: str) -> None:
    """A code stolen from somebody's trip is worth nothing in another (PKCE)."""
    stolen = await traveller.agree(await traveller.leave(name))
    own = await traveller.agree(await traveller.leave(name))
    with pytest.raises(OAuthFailedError) as caught:
        await traveller.arrive(name, {**own, "code": stolen["code"]})
    assert caught.value.reason == "failed"


async def test_an_answer_from_the_other_provider_is_refused(traveller: Traveller) -> None:
    """Mix-up: the callback's address and the `iss` of the answer name who was asked."""
    for left, came in (("google", "github"), ("github", "google")):
        answer = await traveller.agree(await traveller.leave(left))
        with pytest.raises(OAuthFailedError) as caught:
            await traveller.arrive(came, answer)
        assert caught.value.reason == "state"
    answer = await traveller.agree(await traveller.leave("google"))
    with pytest.raises(OAuthFailedError) as caught:
        await traveller.arrive("google", {**answer, "iss": "https://evil.example"})
    assert caught.value.reason == "state"
    assert traveller.provider.count("/token") == 0, "no code was given away"
    answer = await traveller.agree(await traveller.leave("google"))
    assert (await traveller.arrive("google", {**answer, "iss": traveller.provider.url})).provider == "google"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["premium-client", "another-client"], "azp": "another-client"},
        {"aud": None},
        {"azp": "another-client"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"sub": None},
        {"sub": ""},
        {"sub": 4711},
        {"sub": "x" * 256},
    ],
)
async def test_an_id_token_with_other_claims_proves_nothing(traveller: Traveller, claims: dict[str, Any]) -> None:
    traveller.provider.claims = claims
    assert await traveller.reason("google") == "failed"


@pytest.mark.parametrize("signing", ["forged", "none", "hmac", "missing"])
async def test_an_id_token_signed_otherwise_proves_nothing(traveller: Traveller, signing: str) -> None:
    traveller.provider.signing = signing
    assert await traveller.reason("google") == "failed"


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email_verified": "false"}])
async def test_google_must_have_verified_the_address(traveller: Traveller, claims: dict[str, Any]) -> None:
    traveller.provider.claims = claims
    assert await traveller.reason("google") == "email_unverified"


@pytest.mark.parametrize(
    "emails",
    [
        [],
        [{"email": "a@example.com", "primary": True, "verified": False}],
        [{"email": "a@example.com", "primary": False, "verified": True}],
        [{"email": "a@example.com", "primary": True, "verified": "yes"}],
        [{"email": 7, "primary": True, "verified": True}, None, "a@example.com"],
    ],
)
async def test_github_must_have_verified_the_primary_address(traveller: Traveller, emails: Any) -> None:
    traveller.provider.emails = emails
    assert await traveller.reason("github") == "email_unverified"


async def test_keys_are_read_again_when_they_rotate(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    await traveller.travel("google")
    await traveller.travel("google")
    assert traveller.provider.count("/oauth2/v3/certs") == 1
    assert traveller.provider.count("/.well-known/openid-configuration") == 1
    traveller.provider.key = RSAKey.generate_key(2048, {"kid": "key-2", "use": "sig"})
    assert await traveller.reason("google") == "failed", "asked again within a minute: nobody makes us ask each time"
    monkeypatch.setattr(google, "_KEYS_AGAIN_SECONDS", 0.0)
    await traveller.travel("google")
    assert traveller.provider.count("/oauth2/v3/certs") == 2


async def test_discovery_must_speak_of_its_own_issuer(traveller: Traveller) -> None:
    for said in ({"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"}):
        google.forget_discovery()
        http.forget_outages()
        traveller.provider.discovery = said
        assert await traveller.reason("google") == "unavailable"


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("mood", ["down", "garbage", "list", "stalling", "endless", "redirecting"])
async def test_a_provider_that_does_not_answer_is_said_so(traveller: Traveller, name: str, mood: str) -> None:
    if mood in ("list", "redirecting", "endless", "garbage"):
        places = {"google": ("/oauth2/v3/certs", "/token"), "github": ("/api/user", "/login/oauth/access_token")}[name]
    else:
        places = {"google": ("/token",), "github": ("/login/oauth/access_token",)}[name]
    for place in places:
        google.forget_discovery()
        http.forget_outages()
        traveller.provider.mood, traveller.provider.mood_at = mood, place
        assert await asyncio.wait_for(traveller.reason(name), 5) in ("unavailable", "failed"), place
    traveller.provider.mood = "well"
    http.forget_outages()
    assert (await traveller.travel(name)).provider == name


async def test_a_provider_that_is_down_is_left_alone_for_a_while(traveller: Traveller) -> None:
    traveller.provider.mood, traveller.provider.mood_at = "down", "/token"
    for _ in range(8):
        assert await traveller.reason("google") == "unavailable"
    asked = traveller.provider.count("/token")
    assert 0 < asked < 8
    with pytest.raises(ProviderDownError, match="a moment ago"):
        await traveller.travel("google")
    assert traveller.provider.count("/token") == asked
    assert (await traveller.travel("github")).provider == "github", "the other one has nothing to do with it"


@pytest.mark.parametrize("name", PROVIDERS)
async def test_who_says_no_has_declined(traveller: Traveller, name: str) -> None:
    traveller.provider.mood = "refusing"
    assert await traveller.reason(name) == "declined"


def test_what_is_not_configured_is_not_offered(make_settings: Callable[..., Settings]) -> None:
    assert configured_providers(make_settings()) == []
    assert configured_providers(make_settings(google_client_id="x")) == []
    both = {"github_client_id": "x", "github_client_secret": "y", "google_client_id": "x", "google_client_secret": "y"}
    assert configured_providers(make_settings(**both)) == ["google", "github"]
