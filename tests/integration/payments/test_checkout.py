"""From a checkout session to a subscription, the way the product and a person go, through the official SDK."""

import pytest
import stripe

from tests.doubles.local_stripe import CARD, DAY, LocalStripe


async def test_paying_makes_a_subscription_with_a_paid_invoice(payments: LocalStripe, customer):
    who = await customer(metadata={"user_id": "u-1"})
    session = await payments.checkout(
        who.id, client_reference_id="u-1", metadata={"a": "b"}, subscription_data={"metadata": {"user_id": "u-1"}}
    )
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 5_000)
    status, place = await payments.fill_in(session.url, **CARD)
    assert (status, place) == (303, f"http://product.example/done?session={session.id}")

    done = await payments.call(
        lambda v1: v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice", "line_items"]})
    )
    assert (done.status, done.payment_status, done.client_reference_id, done.url) == ("complete", "paid", "u-1", None)
    assert done.line_items.data[0].price.lookup_key == "premium_pro_month"
    subscription, invoice = done.subscription, done.invoice
    assert subscription.status == "active"
    assert subscription.metadata.to_dict() == {"user_id": "u-1"}
    item = subscription["items"].data[0]
    assert item.price.id == "price_premium_pro_month"
    assert 28 * DAY <= item.current_period_end - item.current_period_start <= 31 * DAY
    assert (invoice.status, invoice.total, invoice.amount_paid, invoice.amount_remaining) == ("paid", 5_000, 5_000, 0)
    assert invoice.billing_reason == "subscription_create"
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert subscription.latest_invoice == invoice.id


async def test_a_trial_costs_nothing_today(payments: LocalStripe, customer):
    who = await customer()
    session = await payments.checkout(who.id, subscription_data={"trial_period_days": 7})
    assert session.amount_total == 0
    await payments.fill_in(session.url, **CARD)
    done = await payments.call(
        lambda v1: v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    )
    assert done.payment_status == "no_payment_required"
    subscription = done.subscription
    assert subscription.status == "trialing"
    assert subscription.trial_end - subscription.trial_start == 7 * DAY
    assert subscription["items"].data[0].current_period_end == subscription.trial_end
    assert (done.invoice.total, done.invoice.status) == (0, "paid")


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({"number": "4000000000000002"}, "Your card was declined."),
        ({"number": "4000000000009995"}, "insufficient funds"),
        ({"number": "4111111111111111"}, "not one of the test cards"),
        ({"expiry": "01 / 20"}, "in the past"),
        ({"cvc": "12"}, "incomplete"),
        ({"expiry": "soon"}, "MM / YY"),
    ],
)
async def test_a_bad_card_changes_nothing(payments: LocalStripe, customer, card: dict[str, str], words: str):
    who = await customer()
    session = await payments.checkout(who.id)
    status, page = await payments.fill_in(session.url, **(CARD | card))
    assert status == 402
    assert words in page
    assert (await payments.call(lambda v1: v1.subscriptions.list({"customer": who.id, "status": "all"}))).data == []
    assert (await payments.call(lambda v1: v1.checkout.sessions.retrieve(session.id))).status == "open"


async def test_paying_twice_is_paying_once(payments: LocalStripe, customer):
    who = await customer()
    session = await payments.checkout(who.id)
    first = await payments.fill_in(session.url, **CARD)
    second = await payments.fill_in(session.url, **CARD)
    assert first == second
    assert len((await payments.call(lambda v1: v1.subscriptions.list({"customer": who.id}))).data) == 1


async def test_a_session_makes_the_customer_when_there_is_none(payments: LocalStripe):
    session = await payments.checkout(customer_email="new@example.com")
    await payments.fill_in(session.url, **CARD)
    done = await payments.call(lambda v1: v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]}))
    assert (done.customer.email, done.customer.name) == ("new@example.com", "Jo Card")


async def test_an_expired_session_cannot_be_paid(payments: LocalStripe, customer):
    session = await payments.checkout((await customer()).id)
    expired = await payments.call(lambda v1: v1.checkout.sessions.expire(session.id))
    assert (expired.status, expired.url) == ("expired", None)
    status, page = await payments.fill_in(session.url, **CARD)
    assert status == 404
    assert "expired" in page
    with pytest.raises(stripe.InvalidRequestError, match="open"):
        await payments.call(lambda v1: v1.checkout.sessions.expire(session.id))


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"mode": "payment"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"line_items": [{"price": "price_nothing"}]}, "line_items[0][price]"),
        ({"subscription_data": {"trial_period_days": -1}}, "subscription_data[trial_period_days]"),
        ({"tax_id_collection": {"enabled": True}}, "tax_id_collection"),
    ],
)
async def test_what_it_cannot_do_is_refused_by_name(payments: LocalStripe, given: dict, param: str):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await payments.checkout(**given)
    assert caught.value.param == param
    assert caught.value.http_status == 400
