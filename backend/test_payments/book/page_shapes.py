"""Checkout and portal sessions, and the portal's configuration, in Stripe's form."""

import copy
from typing import Any

from backend.test_payments.book.shapes import NO_ADDRESS

Item = dict[str, Any]


_BLANK_SESSION: Item = {  # what is the same in every new session
    "object": "checkout.session",
    "adaptive_pricing": {"enabled": False},
    "after_expiration": None,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "client_secret": None,
    "collected_information": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "customer_account": None,
    "discounts": [],
    "integration_identifier": None,
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "managed_payments": None,
    "mode": "subscription",
    "origin_context": None,
    "payment_intent": None,
    "payment_link": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "payment_status": "unpaid",
    "permissions": None,
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "saved_payment_method_options": {
        "allow_redisplay_filters": ["always"],
        "payment_method_remove": "disabled",
        "payment_method_save": None,
    },
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "open",
    "submit_type": None,
    "subscription": None,
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "ui_mode": "hosted_page",
    "wallet_options": None,
}


def checkout_session(object_id: str, created: int, given: Item, customer: Item | None, amount: int) -> Item:
    """Return a new open session of mode subscription; `given` are the parameters, `amount` in cents."""
    customer_id = customer["id"] if customer else None
    email = customer["email"] if customer else given.get("customer_email")
    return {
        **copy.deepcopy(_BLANK_SESSION),
        "id": object_id,
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "amount_subtotal": amount,
        "amount_total": amount,
        "billing_address_collection": given.get("billing_address_collection"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": created,
        "currency": given["_price"]["currency"],
        "customer": customer_id,
        "customer_creation": None if customer_id else "always",
        "customer_details": _customer_details(customer, email),
        "customer_email": given.get("customer_email"),
        "expires_at": given.get("expires_at") or created + 86_400,
        "locale": given.get("locale"),
        "metadata": given.get("metadata") or {},
        "payment_method_collection": given.get("payment_method_collection") or "always",
        "success_url": given.get("success_url"),
        "url": given["_url"],
        "_price": given["_price"]["id"],
        "_quantity": given["_quantity"],
        "_subscription_data": given.get("subscription_data") or {},
        "_line_item": given["_line_item"],
    }


def _customer_details(customer: Item | None, email: str | None) -> Item | None:
    if email is None:
        return None
    return {
        "address": NO_ADDRESS if customer else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": customer["name"] if customer else None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def checkout_line(object_id: str, price: Item, name: str, quantity: int, amount: int) -> Item:
    """Return the line item of a session; `amount` is what of it is due today."""
    return {
        "id": object_id,
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": name,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def portal_session(object_id: str, created: int, given: Item) -> Item:
    """Return a new portal session; `_flow` and `_url` are worked out already."""
    return {
        "id": object_id,
        "object": "billing_portal.session",
        "configuration": given["configuration"],
        "created": created,
        "customer": given["customer"],
        "customer_account": None,
        "flow": given.get("_flow"),
        "livemode": False,
        "locale": given.get("locale"),
        "on_behalf_of": None,
        "return_url": given.get("return_url"),
        "url": given["_url"],
        "_secret": given["_secret"],
        "_expires_at": created + 3_600,
    }


def portal_configuration(object_id: str, created: int, given: Item, *, is_default: bool) -> Item:
    """Return a new configuration of the portal; `features` are what the caller gave over what Stripe assumes."""
    features = given.get("features") or {}
    return {
        "id": object_id,
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {
            "headline": None,
            "privacy_policy_url": None,
            "terms_of_service_url": None,
            **(given.get("business_profile") or {}),
        },
        "created": created,
        "default_return_url": given.get("default_return_url"),
        "features": portal_features(features),
        "is_default": is_default,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "updated": created,
    }


def portal_features(given: Item) -> Item:
    """Return all features of the portal, those of `given` over the defaults."""
    update = {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "proration_behavior": "none",
        "products": [],
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
        **(given.get("subscription_update") or {}),
    }
    update["products"] = [
        {"adjustable_quantity": {"enabled": False, "maximum": None, "minimum": 1}, **each}
        for each in update["products"] or []
    ]
    return {
        "customer_update": {"allowed_updates": [], "enabled": False, **(given.get("customer_update") or {})},
        "invoice_history": {"enabled": False, **(given.get("invoice_history") or {})},
        "payment_method_update": {
            "enabled": False,
            "payment_method_configuration": None,
            **(given.get("payment_method_update") or {}),
        },
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
            **(given.get("subscription_cancel") or {}),
        },
        "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
        "subscription_update": update,
    }
