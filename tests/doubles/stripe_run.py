"""A run through everything the product may ask of Stripe, so that its requests and answers can be compared."""

from typing import Any

from tests.doubles.local_stripe import CARD, DAY, LocalStripe


async def run_through(payments: LocalStripe) -> list[dict[str, Any]]:
    """Do everything once, errors included, and return the log of requests and answers."""
    ask = payments.call
    clock = await ask(lambda v1: v1.test_helpers.test_clocks.create({"frozen_time": 1_790_000_000, "name": "run"}))
    who = await ask(
        lambda v1: v1.customers.create(
            {"email": "run@example.com", "test_clock": clock.id, "metadata": {"user_id": "1"}, "name": "Run"}
        )
    )
    session = await payments.checkout(who.id, subscription_data={"trial_period_days": 7, "metadata": {"user_id": "1"}})
    await payments.fill_in(session.url, **CARD)
    done = await ask(
        lambda v1: v1.checkout.sessions.retrieve(
            session.id, {"expand": ["subscription.latest_invoice", "customer", "line_items"]}
        )
    )
    subscription_id = done.subscription.id
    item = done.subscription["items"].data[0].id
    await ask(lambda v1: v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_790_000_000 + 9 * DAY}))
    await ask(lambda v1: v1.test_helpers.test_clocks.retrieve(clock.id))
    change = {"items": [{"id": item, "price": "price_premium_starter_month"}], "proration_behavior": "always_invoice"}
    await ask(lambda v1: v1.invoices.create_preview({"subscription": subscription_id, "subscription_details": change}))
    await ask(lambda v1: v1.subscriptions.update(subscription_id, change))
    pending = {"items": [{"id": item, "price": "price_premium_pro_month"}], "proration_behavior": "create_prorations"}
    await ask(lambda v1: v1.subscriptions.update(subscription_id, pending))
    await ask(lambda v1: v1.invoice_items.list({"customer": who.id, "pending": True}))
    await ask(lambda v1: v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True}))
    await ask(lambda v1: v1.subscriptions.update(subscription_id, {"cancel_at_period_end": False}))
    portal = await ask(
        lambda v1: v1.billing_portal.sessions.create(
            {
                "customer": who.id,
                "return_url": "http://product.example/billing",
                "flow_data": {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscription_id}},
            }
        )
    )
    assert portal.url
    await ask(
        lambda v1: v1.billing_portal.sessions.create(
            {"customer": who.id, "flow_data": {"type": "payment_method_update"}}
        )
    )
    await ask(lambda v1: v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_790_000_000 + 40 * DAY}))
    invoices = await ask(lambda v1: v1.invoices.list({"customer": who.id, "limit": 3}))
    await ask(lambda v1: v1.invoices.retrieve(invoices.data[0].id))
    await ask(lambda v1: v1.invoices.line_items.list(invoices.data[0].id))
    await ask(lambda v1: v1.subscriptions.cancel(subscription_id, {"invoice_now": True, "prorate": True}))
    await _lists_and_settings(payments, who.id, session.id)
    await _errors(payments, subscription_id)
    await ask(lambda v1: v1.customers.delete(who.id))
    await ask(lambda v1: v1.customers.retrieve(who.id))
    await ask(lambda v1: v1.test_helpers.test_clocks.delete(clock.id))
    return (await payments.control("requests", "GET"))["requests"]


async def _lists_and_settings(payments: LocalStripe, customer: str, session: str) -> None:
    ask = payments.call
    await ask(lambda v1: v1.customers.list({"limit": 2}))
    await ask(lambda v1: v1.customers.update(customer, {"name": "Another", "metadata": {"user_id": ""}}))
    await ask(lambda v1: v1.customers.payment_methods.list(customer, {"type": "card"}))
    await ask(lambda v1: v1.products.list({"active": True}))
    await ask(lambda v1: v1.products.retrieve("prod_premium_pro"))
    await ask(
        lambda v1: v1.prices.list({"lookup_keys": ["premium_pro_year"], "active": True, "expand": ["data.product"]})
    )
    await ask(lambda v1: v1.prices.retrieve("price_premium_pro_year"))
    product = await ask(lambda v1: v1.products.create({"name": "Enterprise"}))
    await ask(
        lambda v1: v1.prices.create(
            {
                "product": product.id,
                "currency": "usd",
                "unit_amount": 50_000,
                "recurring": {"interval": "month"},
                "metadata": {"tier": "enterprise"},
            }
        )
    )
    await ask(lambda v1: v1.subscriptions.list({"customer": customer, "status": "all"}))
    await ask(lambda v1: v1.checkout.sessions.list({"customer": customer}))
    await ask(lambda v1: v1.checkout.sessions.line_items.list(session))
    events = await ask(lambda v1: v1.events.list({"limit": 100}))
    await ask(lambda v1: v1.events.retrieve(events.data[0].id))
    endpoint = await ask(
        lambda v1: v1.webhook_endpoints.create(
            {"url": "https://product.example/hook", "enabled_events": ["invoice.paid"]}
        )
    )
    await ask(lambda v1: v1.webhook_endpoints.update(endpoint.id, {"disabled": True}))
    await ask(lambda v1: v1.webhook_endpoints.list())
    await ask(lambda v1: v1.webhook_endpoints.delete(endpoint.id))
    await ask(lambda v1: v1.billing_portal.configurations.list())
    made = await ask(
        lambda v1: v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    )
    await ask(lambda v1: v1.billing_portal.configurations.update(made.id, {"active": False}))
    other = await payments.checkout(customer)
    await ask(lambda v1: v1.checkout.sessions.expire(other.id))


async def _errors(payments: LocalStripe, subscription: str) -> None:
    from contextlib import suppress

    import stripe

    for work in (
        lambda v1: v1.customers.retrieve("cus_nobody"),
        lambda v1: v1.subscriptions.update(subscription, {"cancel_at_period_end": True}),
        lambda v1: v1.checkout.sessions.create({"mode": "subscription"}),
        lambda v1: v1.invoices.create_preview({"customer": "cus_nobody"}),
    ):
        with suppress(stripe.InvalidRequestError):
            await payments.call(work)
