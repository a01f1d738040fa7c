"""The objects in Stripe's form, with every field that API version 2026-10-28 always sends."""

import copy
from typing import Any

Item = dict[str, Any]
NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
NO_TAX = {"disabled_reason": None, "enabled": False, "liability": None}


def list_object(data: list[Item], url: str, *, has_more: bool = False) -> Item:
    """Return one page of a list."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def customer(object_id: str, created: int, given: Item) -> Item:
    """Return a new customer."""
    return {
        "id": object_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": given.get("description"),
        "discount": None,
        "email": given.get("email"),
        "invoice_prefix": object_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "next_invoice_sequence": 1,
        "phone": given.get("phone"),
        "preferred_locales": given.get("preferred_locales") or [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": given.get("test_clock"),
    }


def product(object_id: str, created: int, given: Item) -> Item:
    """Return a new product."""
    return {
        "id": object_id,
        "object": "product",
        "active": given.get("active", True),
        "created": created,
        "default_price": None,
        "description": given.get("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": given.get("metadata") or {},
        "name": given["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": created,
        "url": None,
    }


def price(object_id: str, created: int, given: Item) -> Item:
    """Return a new recurring price."""
    recurring = given["recurring"]
    return {
        "id": object_id,
        "object": "price",
        "active": given.get("active", True),
        "billing_scheme": "per_unit",
        "created": created,
        "currency": given["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": given.get("lookup_key"),
        "metadata": given.get("metadata") or {},
        "nickname": given.get("nickname"),
        "product": given["product"],
        "recurring": {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
    }


def plan(of: Item) -> Item:
    """Return the plan that Stripe still sends beside a price."""
    recurring = of["recurring"]
    return {
        "id": of["id"],
        "object": "plan",
        "active": of["active"],
        "amount": of["unit_amount"],
        "amount_decimal": of["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": of["created"],
        "currency": of["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": of["metadata"],
        "meter": None,
        "nickname": of["nickname"],
        "product": of["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def payment_method(object_id: str, created: int, card: Item, *, name: str | None, email: str | None) -> Item:
    """Return a card as a payment method; `card` has brand, last4, exp_month, exp_year, funding, fingerprint."""
    return {
        "id": object_id,
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": NO_ADDRESS, "email": email, "name": name, "phone": None, "tax_id": None},
        "card": {
            "brand": card["brand"],
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card["brand"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "generated_from": None,
            "last4": card["last4"],
            "networks": {"available": [card["brand"]], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def subscription_item(object_id: str, created: int, subscription_id: str, of: Item, quantity: int, span: Item) -> Item:
    """Return an item of a subscription; `span` has the current period's start and end."""
    return {
        "id": object_id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": span["end"],
        "current_period_start": span["start"],
        "discounts": [],
        "metadata": {},
        "plan": plan(of),
        "price": of,
        "quantity": quantity,
        "subscription": subscription_id,
        "tax_rates": [],
    }


_BLANK_SUBSCRIPTION: Item = {  # what is the same in every new subscription
    "object": "subscription",
    "application": None,
    "application_fee_percent": None,
    "automatic_tax": NO_TAX,
    "billing_cycle_anchor_config": None,
    "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
    "billing_schedules": [],
    "billing_thresholds": None,
    "cancel_at": None,
    "cancel_at_period_end": False,
    "canceled_at": None,
    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
    "collection_method": "charge_automatically",
    "customer_account": None,
    "days_until_due": None,
    "default_source": None,
    "default_tax_rates": [],
    "discounts": [],
    "ended_at": None,
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": {"type": "self"},
    },
    "latest_invoice": None,
    "livemode": False,
    "managed_payments": None,
    "next_pending_invoice_item_invoice": None,
    "on_behalf_of": None,
    "pause_collection": None,
    "payment_settings": {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    },
    "pending_invoice_item_interval": None,
    "pending_setup_intent": None,
    "pending_update": None,
    "schedule": None,
    "transfer_data": None,
    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
}


def subscription(object_id: str, created: int, customer_item: Item, item: Item, given: Item) -> Item:
    """Return a new subscription with one item; `given` as for `subscriptions.begin`."""
    trial_end = given.get("trial_end")
    return {
        **copy.deepcopy(_BLANK_SUBSCRIPTION),
        "id": object_id,
        "billing_cycle_anchor": trial_end or created,
        "created": created,
        "currency": item["price"]["currency"],
        "customer": customer_item["id"],
        "default_payment_method": given.get("default_payment_method"),
        "description": given.get("description"),
        "items": list_object([item], f"/v1/subscription_items?subscription={object_id}"),
        "metadata": given.get("metadata") or {},
        "start_date": created,
        "status": "trialing" if trial_end else "active",
        "test_clock": customer_item["test_clock"],
        "trial_end": trial_end,
        "trial_start": created if trial_end else None,
    }


def test_clock(object_id: str, created: int, given: Item) -> Item:
    """Return a new test clock."""
    return {
        "id": object_id,
        "object": "test_helpers.test_clock",
        "created": created,
        "deletes_after": created + 30 * 86_400,
        "frozen_time": given["frozen_time"],
        "livemode": False,
        "name": given.get("name"),
        "status": "ready",
        "status_details": {},
    }


def webhook_endpoint(object_id: str, created: int, given: Item) -> Item:
    """Return a new webhook endpoint; `_secret` stays with us."""
    return {
        "id": object_id,
        "object": "webhook_endpoint",
        "api_version": given.get("api_version"),
        "application": None,
        "created": created,
        "description": given.get("description"),
        "enabled_events": given["enabled_events"],
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "status": "enabled",
        "url": given["url"],
        "_secret": given["_secret"],
    }
