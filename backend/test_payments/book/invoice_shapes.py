"""Invoices and their lines in Stripe's form."""

import copy
from typing import Any

from backend.test_payments.book.shapes import NO_TAX, list_object

Item = dict[str, Any]


def line(object_id: str, given: Item) -> Item:
    """Return an invoice line; `given` has amount, description, period, price, quantity, subscription, parent."""
    of = given["price"]
    return {
        "id": object_id,
        "object": "line_item",
        "amount": given["amount"],
        "currency": of["currency"],
        "description": given["description"],
        "discount_amounts": [],
        "discountable": not given["is_proration"],
        "discounts": [],
        "invoice": given.get("invoice"),
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "parent": given["parent"],
        "period": given["period"],
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": of["id"], "product": of["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(of["unit_amount"]),
        },
        "quantity": given["quantity"],
        "quantity_decimal": str(given["quantity"]),
        "subscription": given["subscription"],
        "subtotal": given["amount"],
        "taxes": [],
    }


def of_item(subscription: Item, *, is_proration: bool, credited: Item | None = None) -> Item:
    """Return the parent of a line that a subscription item made."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": is_proration,
            "proration_details": {"credited_items": credited},
            "subscription": subscription["id"],
            "subscription_item": subscription["items"]["data"][0]["id"],
        },
        "type": "subscription_item_details",
    }


def of_pending(invoice_item_id: str, subscription_id: str) -> Item:
    """Return the parent of a line that was a pending proration."""
    return {
        "invoice_item_details": {
            "invoice_item": invoice_item_id,
            "proration": True,
            "proration_details": {"credited_items": None},
            "subscription": subscription_id,
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }


_BLANK_INVOICE: Item = {  # what is the same in every new invoice
    "object": "invoice",
    "account_country": "US",
    "account_name": "Test payments",
    "account_tax_ids": None,
    "amount_overpaid": 0,
    "amount_paid": 0,
    "amount_shipping": 0,
    "application": None,
    "attempt_count": 0,
    "attempted": False,
    "auto_advance": True,
    "automatic_tax": {**NO_TAX, "provider": None, "status": None},
    "collection_method": "charge_automatically",
    "custom_fields": None,
    "customer_account": None,
    "customer_address": None,
    "customer_shipping": None,
    "customer_tax_exempt": "none",
    "customer_tax_ids": [],
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "due_date": None,
    "effective_at": None,
    "ending_balance": None,
    "footer": None,
    "from_invoice": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "issuer": {"type": "self"},
    "last_finalization_error": None,
    "latest_revision": None,
    "livemode": False,
    "metadata": {},
    "number": None,
    "on_behalf_of": None,
    "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "receipt_number": None,
    "rendering": None,
    "shipping_cost": None,
    "shipping_details": None,
    "statement_descriptor": None,
    "status": "draft",
    "status_transitions": {
        "finalized_at": None,
        "marked_uncollectible_at": None,
        "paid_at": None,
        "voided_at": None,
    },
    "total_discount_amounts": [],
    "total_pretax_credit_amounts": [],
    "total_taxes": [],
}


def invoice(object_id: str, created: int, customer: Item, subscription: Item, lines: list[Item], given: Item) -> Item:
    """Return a draft; `given` has billing_reason, period (start, end) and may have automatically_finalizes_at."""
    total = sum(each["amount"] for each in lines)
    return {
        **copy.deepcopy(_BLANK_INVOICE),
        "id": object_id,
        "amount_due": max(total, 0),
        "amount_remaining": max(total, 0),
        "automatically_finalizes_at": given.get("automatically_finalizes_at"),
        "billing_reason": given["billing_reason"],
        "created": created,
        "currency": subscription["currency"],
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "lines": list_object([{**each, "invoice": object_id} for each in lines], f"/v1/invoices/{object_id}/lines"),
        "next_payment_attempt": given.get("automatically_finalizes_at"),
        "parent": {
            "quote_details": None,
            "subscription_details": {"metadata": subscription["metadata"], "subscription": subscription["id"]},
            "type": "subscription_details",
        },
        "period_end": given["period"]["end"],
        "period_start": given["period"]["start"],
        "starting_balance": customer["balance"],
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "test_clock": customer["test_clock"],
        "total": total,
        "total_excluding_tax": total,
        "webhooks_delivered_at": created,
    }


def invoice_item(object_id: str, created: int, subscription: Item, of_line: Item) -> Item:
    """Return a pending proration, which the next invoice of the subscription takes in."""
    return {
        "id": object_id,
        "object": "invoiceitem",
        "amount": of_line["amount"],
        "currency": of_line["currency"],
        "customer": subscription["customer"],
        "customer_account": None,
        "date": created,
        "description": of_line["description"],
        "discountable": False,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": of_line["amount"],
        "parent": {
            "subscription_details": {
                "subscription": subscription["id"],
                "subscription_item": subscription["items"]["data"][0]["id"],
            },
            "type": "subscription_details",
        },
        "period": of_line["period"],
        "pricing": of_line["pricing"],
        "proration": True,
        "quantity": of_line["quantity"],
        "quantity_decimal": of_line["quantity_decimal"],
        "tax_rates": [],
        "test_clock": subscription["test_clock"],
        "_subscription": subscription["id"],
    }
