"""When test payments are started, what they are told, and how the product is pointed at them."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.entitlements import PLANS
from backend.core.settings import STRIPE_URL, Settings
from backend.embedded.parts import child_environment
from backend.embedded.test_payments import TestPayments as EmbeddedPayments
from backend.embedded.test_payments import wants_test_payments
from backend.test_payments.config import read_config

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "secret_key": "x" * 40,
    "database_url": "postgresql://a",
    "worker_database_url": "postgresql://b",
    "redis_url": "redis://c",
    "chains": {1: ["https://rpc.example"]},
    "public_url": "https://premium.example",
    "stripe_secret_key": "sk_live_x",
    "stripe_webhook_secret": "whsec_x",
    "smtp_url": "smtp://mail.example",
    "encryption_keys": ["a" * 43 + "="],
}


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)  # pyright: ignore


def test_they_are_for_runs_without_a_key_and_never_for_production():
    assert wants_test_payments(settings())
    assert not wants_test_payments(settings(stripe_secret_key="sk_test_yours"))
    assert not wants_test_payments(settings(**PRODUCTION))
    assert not settings(**PRODUCTION).is_test_payments
    with pytest.raises(ValueError, match="STRIPE_API_URL"):
        settings(**PRODUCTION | {"stripe_api_url": "http://127.0.0.1:8010"})


def test_the_product_is_told_where_they_are_and_says_that_they_are_a_test(tmp_path: Path):
    given = settings(var_dir=tmp_path, test_payments_port=18_010)
    payments = EmbeddedPayments(given)
    told = given.model_copy(update=payments.settings_update())
    assert told.is_test_payments
    assert told.payments_api_url == "http://127.0.0.1:18010"
    assert told.payments_key.startswith("sk_test_")
    assert told.payment_page_origins[0] == payments.base_url == "http://localhost:18010"
    environment = child_environment(told)
    assert environment["STRIPE_API_URL"] == "http://127.0.0.1:18010"
    assert environment["STRIPE_SECRET_KEY"] == told.payments_key
    assert environment["STRIPE_PRICE_PRO_YEAR"] == "price_premium_pro_year"
    assert child_environment(settings(stripe_secret_key="sk_live"))["STRIPE_API_URL"] == STRIPE_URL


def test_what_is_sold_is_what_the_plans_cost_and_stays_the_same(tmp_path: Path):
    payments = EmbeddedPayments(settings(var_dir=tmp_path, port=8_123))
    payments.prepare()
    file = tmp_path / "test-payments" / "config.json"
    first = json.loads(file.read_text())
    assert file.stat().st_mode & 0o077 == 0
    config = read_config(file)
    amounts = {price.lookup_key: price.amount for product in config.products for price in product.prices}
    assert amounts == {
        f"premium_{tier}_{every}": int(amount * 100)
        for tier in ("starter", "pro")
        for every, amount in (("month", PLANS[tier].month_usd), ("year", PLANS[tier].year_usd))
        if amount is not None
    }
    assert config.webhook_url == "http://127.0.0.1:8123/v1/subscriptions/webhooks"
    EmbeddedPayments(settings(var_dir=tmp_path, port=8_123)).prepare()
    assert json.loads(file.read_text()) == first


@pytest.mark.parametrize(
    ("changes", "pages", "api"),
    [
        ({"public_url": "https://demo.example:8443"}, "http://demo.example:8010", "http://127.0.0.1:8010"),
        ({"test_payments_url": "https://pay.demo.example/"}, "https://pay.demo.example", "http://127.0.0.1:8010"),
        ({"host": "0.0.0.0"}, "http://localhost:8010", "http://127.0.0.1:8010"),
        ({"host": "10.1.2.3"}, "http://localhost:8010", "http://10.1.2.3:8010"),
        ({"host": "::1", "public_url": "http://[::1]:8000"}, "http://[::1]:8010", "http://[::1]:8010"),
    ],
)
def test_addresses(tmp_path: Path, changes: dict[str, Any], pages: str, api: str):
    payments = EmbeddedPayments(settings(var_dir=tmp_path, **changes))
    assert (payments.base_url, payments.api_url) == (pages, api)
