"""`POST /v1/invoices/create_preview`: what would be billed, with nothing kept."""

import copy
from typing import Any

from backend.test_payments.book import changes, invoice_shapes, invoices, subscriptions
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.engine.amounts import settle
from backend.test_payments.engine.periods import period_end
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]


def preview(book: Book, subscription: Item, details: Item, at: int) -> Item:
    """Return the invoice that a change would bring at once, or else the next one. Raises StripeError when none comes.

    `details` are the `subscription_details` of the request.
    """
    subscription = copy.deepcopy(subscription)
    customer = book.get("customer", subscription["customer"])
    if subscription["status"] in subscriptions.OVER:
        raise _none(customer)
    moment = details.get("proration_date") or at
    wanted = subscriptions.wanted_change(book, subscription, details)
    plan = changes.plan_change(book, subscription, wanted, moment)
    pending = invoices.lines_of_pending(book, invoices.pending_items(book, subscription))
    if plan.bills_now:
        lines, created, period = [*pending, *plan.now], at, {"start": at, "end": at}
    else:
        ends = details.get("cancel_at_period_end", subscription["cancel_at"] is not None)
        if ends and not pending and not plan.later:
            raise _none(customer)
        next_lines, created, period = _next_cycle(book, subscription)
        lines = [*pending, *plan.later, *([] if ends else next_lines)]
    given = {"billing_reason": "upcoming", "period": period}
    invoice = invoice_shapes.invoice(new_object_id("upcoming_in"), created, customer, subscription, lines, given)
    settled = settle(invoice["total"], customer["balance"])
    invoice.update(
        amount_due=settled.amount_due,
        amount_remaining=settled.amount_due,
        ending_balance=settled.ending_balance,
        next_payment_attempt=created if plan.bills_now else created + invoices.DRAFT_SECONDS,
        webhooks_delivered_at=None,
    )
    if plan.bills_now or plan.later:
        invoice["parent"]["subscription_details"]["subscription_proration_date"] = moment
    return invoice


def _next_cycle(book: Book, subscription: Item) -> tuple[list[Item], int, Item]:
    """Return the line of the next period, when it is billed, and the period that ends then."""
    item = invoices.item_of(subscription)
    start = item["current_period_end"]
    recurring = item["price"]["recurring"]
    end = period_end(subscription["billing_cycle_anchor"], start, recurring["interval"], recurring["interval_count"])
    line = invoices.period_line(book, subscription, {"start": start, "end": end})
    return [line], start, {"start": item["current_period_start"], "end": start}


def _none(customer: Item) -> StripeError:
    return StripeError(f"No upcoming invoices for customer: {customer['id']}", status=404, code="invoice_upcoming_none")
