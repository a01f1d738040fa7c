"""Settings fail early and say how to mend it."""

import pytest
from pydantic import ValidationError

from backend.core.settings import DEMO_CHAIN_ID, Settings

SAFE = {
    "environment": "production",
    "secret_key": "s" * 32,
    "database_url": "postgresql://premium_app@db/premium",
    "worker_database_url": "postgresql://premium_worker@db/premium",
    "redis_url": "redis://cache",
    "chains": {1: ["https://rpc.example"]},
    "public_url": "https://premium.example",
    "stripe_secret_key": "sk_live_1",
    "stripe_webhook_secret": "whsec_1",
    "smtp_url": "smtps://user:password@mail.example:465",
}


def make(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg]


def test_production_accepts_complete_settings() -> None:
    assert make(**SAFE).environment == "production"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret_key": "development-only-secret-change-me"}, "SECRET_KEY"),
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"database_url": ""}, "DATABASE_URL"),
        ({"redis_url": ""}, "REDIS_URL"),
        ({"chains": {}}, "CHAINS"),
        ({"public_url": "http://premium.example"}, "PUBLIC_URL"),
        ({"webhook_allow_private": True}, "WEBHOOK_ALLOW_PRIVATE"),
        ({"google_issuer": "http://accounts.google.com"}, "GOOGLE_ISSUER"),
        ({"stripe_webhook_secret": ""}, "STRIPE_WEBHOOK_SECRET"),
        ({"smtp_url": ""}, "SMTP_URL or SENDGRID_API_KEY"),
    ],
)
def test_production_refuses_what_is_unsafe_and_names_it(change: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        make(**{**SAFE, **change})


def test_chains_accept_one_url_or_many() -> None:
    settings = make(chains={"1": "https://a.example", "8453": ["https://b.example", "wss://b.example"]})
    assert settings.chain_urls == {1: ["https://a.example"], 8453: ["https://b.example", "wss://b.example"]}
    assert not settings.is_demo_chain


def test_without_chains_the_demo_market_is_followed() -> None:
    settings = make(chains={})
    assert settings.is_demo_chain
    assert list(settings.chain_urls) == [DEMO_CHAIN_ID]


def test_the_secret_is_not_in_the_representation() -> None:
    assert "s" * 32 not in repr(make(**SAFE))


@pytest.mark.parametrize(
    "origins", ["*", "https://*.example.com", "null", "example.com", "https://a.example/path", "ftp://a"]
)
def test_an_origin_that_may_use_the_cookie_is_named_in_full(origins: str) -> None:
    with pytest.raises(ValidationError, match="CORS_ORIGINS must list origins"):
        Settings(_env_file=None, cors_origins=origins)  # pyright: ignore


def test_origins_are_kept_as_browsers_send_them() -> None:
    settings = Settings(_env_file=None, cors_origins="https://a.example/, http://localhost:3000")  # pyright: ignore
    assert settings.cors_origins == ["https://a.example", "http://localhost:3000"]
