"""The customer portal refuses what its configuration does not offer, and what belongs to somebody else."""

from typing import Any

import aiohttp
import pytest
import stripe

from backend.core import clock
from tests.doubles.local_stripe import CARD, LocalStripe

FAILS_LATER = "4000000000000341"


async def portal_of(payments: LocalStripe, customer: str, **more: Any) -> str:
    given = {"customer": customer, "return_url": "http://product.example/billing", **more}
    return (await payments.call(lambda v1: v1.billing_portal.sessions.create(given))).url


async def shown(address: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        return answer.status, await answer.text()


async def test_cancel_resume_and_switch(payments: LocalStripe, customer):
    who = await customer()
    subscription = await payments.subscribe(who.id, "price_premium_starter_month")
    portal = await portal_of(payments, who.id)
    about = {"subscription": subscription.id}

    async def now() -> Any:
        return await payments.call(lambda v1: v1.subscriptions.retrieve(subscription.id))

    assert (await payments.fill_in(f"{portal}/cancel", **about))[0] == 303
    assert (await now()).cancel_at_period_end is True
    assert (await payments.fill_in(f"{portal}/resume", **about))[0] == 303
    assert (await now()).cancel_at_period_end is False
    assert (await payments.fill_in(f"{portal}/confirm", **about, price="price_premium_pro_year"))[0] == 303
    assert (await now())["items"].data[0].price.id == "price_premium_pro_year"
    assert (await payments.fill_in(f"{portal}/card", **CARD | {"number": "5555555555554444"}))[0] == 303
    method = await payments.call(
        lambda v1: v1.payment_methods.retrieve((v1.subscriptions.retrieve(subscription.id)).default_payment_method)
    )
    assert (method.card.brand, method.card.last4, method.customer) == ("mastercard", "4444", who.id)


async def test_somebody_elses_subscription_and_invoice_are_not_there(payments: LocalStripe, customer):
    mine, other = await customer(), await customer()
    theirs = await payments.subscribe(other.id)
    portal = await portal_of(payments, mine.id)
    for action in ("cancel", "resume", "confirm"):
        status, page = await payments.fill_in(
            f"{portal}/{action}", subscription=theirs.id, price="price_premium_starter_month"
        )
        assert (status, "There is no such subscription" in page) == (404, True), action
    status, page = await payments.fill_in(f"{portal}/pay", invoice=theirs.latest_invoice)
    assert (status, "There is no such invoice" in page) == (404, True)
    assert (await payments.fill_in(f"{portal}/nothing"))[0] == 404
    same = await payments.call(lambda v1: v1.subscriptions.retrieve(theirs.id))
    assert same.to_dict() == theirs.to_dict()


async def test_only_what_is_offered_can_be_done(payments: LocalStripe, customer):
    who = await customer()
    subscription = await payments.subscribe(who.id, "price_premium_starter_month")
    given = {"features": {"invoice_history": {"enabled": True}, "subscription_cancel": {"enabled": False}}}
    bare = await payments.call(lambda v1: v1.billing_portal.configurations.create(given))
    portal = await portal_of(payments, who.id, configuration=bare.id)
    _, page = await shown(portal)
    for label in ("Cancel plan", "Switch plan", "Update card"):
        assert label not in page
    about = {"subscription": subscription.id, "price": "price_premium_pro_month", **CARD}
    for action in ("cancel", "resume", "confirm", "card"):
        assert (await payments.fill_in(f"{portal}/{action}", **about))[0] in (402, 403), action
    with pytest.raises(stripe.InvalidRequestError, match="disabled in the configuration"):
        await portal_of(payments, who.id, configuration=bare.id, flow_data={"type": "payment_method_update"})
    whole = await portal_of(payments, who.id)
    price = await payments.call(
        lambda v1: v1.prices.create(
            {"product": "prod_premium_pro", "currency": "usd", "unit_amount": 1, "recurring": {"interval": "month"}}
        )
    )
    status, _ = await payments.fill_in(f"{whole}/confirm", subscription=subscription.id, price=price.id)
    assert status == 403
    same = await payments.call(lambda v1: v1.subscriptions.retrieve(subscription.id))
    assert same.to_dict() == subscription.to_dict()


async def test_time_that_was_not_paid_gives_no_credit(payments: LocalStripe, customer):
    who = await customer()
    subscription = await payments.subscribe(who.id, "price_premium_pro_month", FAILS_LATER)
    await payments.control(f"customers/{who.id}/advance", seconds=32 * 86_400)
    portal = await portal_of(payments, who.id)
    assert "Switch plan" not in (await shown(portal))[1]
    status, page = await payments.fill_in(
        f"{portal}/confirm", subscription=subscription.id, price="price_premium_starter_month"
    )
    assert (status, "Pay the open invoice" in page) == (403, True)


async def test_links_end(payments: LocalStripe, customer):
    who = await customer()
    portal = await portal_of(payments, who.id)
    assert (await shown(portal))[0] == 200
    real = clock.now_seconds()
    clock.use_clock(lambda: real + 3_700)
    try:
        assert (await shown(portal))[0] == 404
        assert (await payments.fill_in(f"{portal}/time", until="9999999999"))[0] == 404
    finally:
        clock.use_clock(None)
    for nowhere in ("/p/session/test_guess", "/c/pay/cs_test_guess", "/i/in_guess/live_guess"):
        assert (await shown(payments.url + nowhere))[0] == 404


async def test_an_invoice_is_shown_only_with_its_secret(payments: LocalStripe, customer):
    who = await customer(name="<script>alert(1)</script>")
    subscription = await payments.subscribe(who.id)
    invoice = await payments.call(lambda v1: v1.invoices.retrieve(subscription.latest_invoice))
    status, page = await shown(invoice.hosted_invoice_url)
    assert status == 200
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert (await shown(f"{payments.url}/i/{invoice.id}/live_other"))[0] == 404
    assert (await shown(f"{payments.url}/i/{invoice.id}/live_other/pdf"))[0] == 404
    async with aiohttp.ClientSession() as http, http.get(invoice.hosted_invoice_url) as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
