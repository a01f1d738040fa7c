"""Stripe's objects at the door: what we need is there, or it is said; plans are known by their price."""

import copy
from typing import Any

import pytest

from backend.core.settings import Settings
from backend.subscriptions.catalogue import amount_cents, tier_of_price
from backend.subscriptions.errors import PaymentsUnavailableError
from backend.subscriptions.mails import money, plan_words
from backend.subscriptions.parsing import event_customer, invoice_record, subscription_record
from backend.subscriptions.webhooks import is_handled

SETTINGS = Settings(_env_file=None, environment="test", stripe_price_pro_year="price_set")  # pyright: ignore
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "customer": "cus_1",
    "status": "active",
    "created": 1_764_000_000,
    "cancel_at_period_end": False,
    "items": {
        "data": [
            {
                "id": "si_1",
                "quantity": 1,
                "current_period_start": 1_764_000_000,
                "current_period_end": 1_766_592_000,
                "price": {
                    "id": "price_9", "lookup_key": "premium_pro_month", "unit_amount": 5000, "currency": "usd",
                    "metadata": {}, "recurring": {"interval": "month"},
                },
            }
        ]
    },
}  # fmt: skip
INVOICE: dict[str, Any] = {
    "id": "in_1", "amount_due": 5000, "amount_paid": 5000, "total": 5000, "currency": "usd", "created": 1_764_000_000,
    "status": "paid", "invoice_pdf": "https://pay.stripe.com/x.pdf", "hosted_invoice_url": "javascript:alert(1)",
    "parent": {"subscription_details": {"subscription": "sub_1"}},
    "lines": {"data": [{"description": "Unused time"}, {"description": "1 x Pro"}]},
}  # fmt: skip


def test_a_subscription_is_read() -> None:
    record = subscription_record(SETTINGS, SUBSCRIPTION)
    assert record is not None
    assert (record.tier, record.interval, record.amount_cents, record.item_id) == ("pro", "month", 5000, "si_1")


@pytest.mark.parametrize("lost", ["id", "customer", "status", "created", "items"])
def test_a_subscription_that_lacks_something_is_refused(lost: str) -> None:
    broken = copy.deepcopy(SUBSCRIPTION)
    del broken[lost]
    with pytest.raises(PaymentsUnavailableError):
        subscription_record(SETTINGS, broken)


def test_plans_are_known_by_id_key_or_metadata() -> None:
    assert tier_of_price(SETTINGS, {"id": "price_set"}) == "pro"
    assert tier_of_price(SETTINGS, {"id": "price_x", "lookup_key": "premium_starter_year"}) == "starter"
    assert tier_of_price(SETTINGS, {"id": "price_x", "metadata": {"tier": "enterprise"}}) == "enterprise"
    for other in (
        {"id": "price_x"},
        {"id": ""},
        {"id": "x", "metadata": {"tier": "free"}},
        {"id": "x", "metadata": {"tier": "root"}},
    ):
        assert tier_of_price(SETTINGS, other) is None


def test_something_else_that_is_sold_is_not_ours() -> None:
    other = copy.deepcopy(SUBSCRIPTION)
    other["items"]["data"][0]["price"]["lookup_key"] = "a_book"
    assert subscription_record(SETTINGS, other) is None


def test_an_invoice_is_read_and_its_links_are_links() -> None:
    record = invoice_record(INVOICE)
    assert (record.subscription, record.description, record.hosted_url) == ("sub_1", "1 x Pro", None)
    assert record.pdf_url == "https://pay.stripe.com/x.pdf"


def test_whom_an_event_is_about() -> None:
    assert event_customer({"data": {"object": {"object": "invoice", "customer": "cus_1"}}}) == "cus_1"
    assert event_customer({"data": {"object": {"object": "customer", "id": "cus_2"}}}) == "cus_2"
    assert event_customer({"data": {"object": {"object": "invoice", "customer": {"id": "cus_3"}}}}) == "cus_3"
    assert event_customer({"data": {"object": {"object": "product", "id": "prod_1"}}}) is None


def test_which_events_matter() -> None:
    assert is_handled("customer.subscription.updated") and is_handled("invoice.paid") and is_handled("customer.deleted")
    assert not is_handled("invoice.upcoming") and not is_handled("customer.updated") and not is_handled("charge.failed")


def test_prices_are_those_of_the_plans() -> None:
    assert [amount_cents(tier, every) for tier in ("starter", "pro") for every in ("month", "year")] == [
        2_500, 25_000, 5_000, 50_000,
    ]  # fmt: skip
    with pytest.raises(KeyError):
        amount_cents("enterprise", "month")


def test_amounts_and_plans_in_words() -> None:
    assert (money(5000, "usd"), money(-1250, "usd"), money(990, "eur")) == ("$50.00", "\u2212$12.50", "9.90 EUR")
    assert plan_words("pro", "year") == "Pro, yearly"
