"""Invoices: drafted, finalized, paid or tried again until the last retry."""

from typing import Any

from backend.core.clock import from_unix
from backend.test_payments.book import invoice_shapes
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.engine.amounts import settle
from backend.test_payments.engine.cards import DECLINE_MESSAGES, decline_error_code
from backend.test_payments.engine.periods import DAY
from backend.test_payments.wire.errors import StripeError, declined

Item = dict[str, Any]
DRAFT_SECONDS = 3_600


def item_of(subscription: Item) -> Item:
    """Return the one item of a subscription."""
    return subscription["items"]["data"][0]


def period_line(book: Book, subscription: Item, period: Item, *, trial: bool = False) -> Item:
    """Return the line for a whole period at the subscription's price; a trial costs nothing."""
    item = item_of(subscription)
    price = item["price"]
    name = (book.find("product", price["product"]) or {"name": "Subscription"})["name"]
    amount = 0 if trial else price["unit_amount"] * item["quantity"]
    per = f"{price['unit_amount'] / 100:,.2f}"
    words = f"Trial period for {name}" if trial else f"{item['quantity']} \u00d7 {name} (at ${per} / {_every(price)})"
    return invoice_shapes.line(
        new_object_id("il"),
        {
            "amount": amount,
            "description": words,
            "is_proration": False,
            "parent": invoice_shapes.of_item(subscription, is_proration=False),
            "period": period,
            "price": price,
            "quantity": item["quantity"],
            "subscription": subscription["id"],
            "metadata": subscription["metadata"],
        },
    )


def proration_line(book: Book, subscription: Item, old_item: Item, amount: int, at: int, end: int) -> Item:
    """Return the line for the rest of a period: credit (below zero) or debit, for the item's price."""
    price = old_item["price"]
    name = (book.find("product", price["product"]) or {"name": "Subscription"})["name"]
    day = from_unix(at).strftime("%d %b %Y")
    is_credit = amount < 0
    credited = None
    if is_credit and subscription["latest_invoice"]:
        paid = book.find("invoice", subscription["latest_invoice"])
        ids = [line["id"] for line in paid["lines"]["data"]] if paid else []
        credited = {"invoice": subscription["latest_invoice"], "invoice_line_items": ids}
    return invoice_shapes.line(
        new_object_id("il"),
        {
            "amount": amount,
            "description": f"{'Unused' if is_credit else 'Remaining'} time on {name} after {day}",
            "is_proration": True,
            "parent": invoice_shapes.of_item(subscription, is_proration=True, credited=credited),
            "period": {"end": end, "start": at},
            "price": price,
            "quantity": old_item["quantity"],
            "subscription": subscription["id"],
        },
    )


def pending_items(book: Book, subscription: Item) -> list[Item]:
    """Return the prorations that wait for the next invoice, oldest first."""
    found = book.all("invoiceitem", customer=subscription["customer"], _subscription=subscription["id"], invoice=None)
    return found[::-1]


def lines_of_pending(book: Book, pending: list[Item]) -> list[Item]:
    """Return pending prorations as invoice lines."""
    lines = []
    for each in pending:
        price = book.get("price", each["pricing"]["price_details"]["price"])
        lines.append(
            invoice_shapes.line(
                new_object_id("il"),
                {
                    "amount": each["amount"],
                    "description": each["description"],
                    "is_proration": True,
                    "parent": invoice_shapes.of_pending(each["id"], each["_subscription"]),
                    "period": each["period"],
                    "price": price,
                    "quantity": each["quantity"],
                    "subscription": each["_subscription"],
                },
            )
        )
    return lines


def keep_pending(book: Book, subscription: Item, lines: list[Item], at: int) -> None:
    """Keep proration lines until the next invoice."""
    for each in lines:
        book.add(invoice_shapes.invoice_item(new_object_id("ii"), at, subscription, each))


def draft(book: Book, subscription: Item, lines: list[Item], reason: str, period: Item, at: int, *, wait: bool) -> Item:
    """Make a draft of these lines and every pending proration; `wait` leaves an hour before it is finalized."""
    customer = book.get("customer", subscription["customer"])
    pending = pending_items(book, subscription)
    given = {
        "billing_reason": reason,
        "period": period,
        "automatically_finalizes_at": at + DRAFT_SECONDS if wait else None,
    }
    invoice = invoice_shapes.invoice(
        new_object_id("in"), at, customer, subscription, [*lines_of_pending(book, pending), *lines], given
    )
    invoice["_subscription"] = subscription["id"]
    for each in pending:
        each["invoice"] = invoice["id"]
    book.add(invoice)
    subscription["latest_invoice"] = invoice["id"]
    book.tell("invoice.created", invoice, at)
    return invoice


def finalize(book: Book, invoice: Item, at: int) -> None:
    """Give the invoice its number and pages, use the customer's balance; nothing due means paid."""
    customer = book.get("customer", invoice["customer"])
    settled = settle(invoice["total"], customer["balance"])
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    secret = new_object_id("live")
    invoice.update(
        status="open",
        number=number,
        starting_balance=customer["balance"],
        ending_balance=settled.ending_balance,
        amount_due=settled.amount_due,
        amount_remaining=settled.amount_due,
        effective_at=at,
        automatically_finalizes_at=None,
        _secret=secret,
        **links(book, invoice["id"], secret),
    )
    invoice["status_transitions"]["finalized_at"] = at
    customer["next_invoice_sequence"] += 1
    if (customer["balance"], customer["currency"]) != (settled.ending_balance, invoice["currency"]):
        customer.update(balance=settled.ending_balance, currency=invoice["currency"])
        book.tell("customer.updated", customer, at)
    book.tell("invoice.finalized", invoice, at)
    if settled.amount_due == 0:
        _mark_paid(book, invoice, at)


def links(book: Book, invoice_id: str, secret: str) -> Item:
    """Return the addresses of an invoice's page and PDF."""
    address = f"{book.origin.base_url}/i/{invoice_id}/{secret}"
    return {"hosted_invoice_url": address, "invoice_pdf": f"{address}/pdf"}


def collect(book: Book, invoice: Item, at: int, *, on_session: bool = False) -> str | None:
    """Try to take what is due from the card; return the decline code, or None when it is paid."""
    if invoice["status"] == "paid":
        return None
    method = payment_method_for(book, invoice)
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    code = "missing" if method is None else _decline_code(method, on_session=on_session)
    if code is None:
        _mark_paid(book, invoice, at)
        return None
    tried = invoice["attempt_count"]
    waits = book.rules.retry_after_days
    is_first = invoice["billing_reason"] == "subscription_create"
    more = tried <= len(waits) and not on_session and not is_first
    invoice["next_payment_attempt"] = at + waits[tried - 1] * DAY if more else None
    customer = book.get("customer", invoice["customer"])
    customer["delinquent"] = True
    book.tell("invoice.payment_failed", invoice, at)
    book.tell("customer.updated", customer, at)
    return code


def pay_now(book: Book, invoice: Item, at: int) -> None:
    """Pay an open invoice because somebody asked. Raises StripeError when it cannot be, or the card is declined."""
    if invoice["status"] == "draft":
        finalize(book, invoice, at)
    if invoice["status"] == "paid":
        raise StripeError("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] != "open":
        raise StripeError(f"You cannot pay an invoice that is {invoice['status']}.", code="invoice_not_editable")
    if payment_method_for(book, invoice) is None:
        raise StripeError(
            "There is no `default_payment_method` set on this Customer or Invoice.",
            code="invoice_payment_intent_requires_action",
        )
    upcoming = invoice["next_payment_attempt"]
    code = collect(book, invoice, at, on_session=False)
    if code is not None:
        invoice["next_payment_attempt"] = upcoming
        raise decline_error(code)


def decline_error(code: str) -> StripeError:
    """Return the answer for a decline code; "missing" is no card at all."""
    if code == "missing":
        return StripeError(
            "This customer has no attached payment source or default payment method.", code="resource_missing"
        )
    return declined(code, DECLINE_MESSAGES[code], decline_error_code(code))


def payment_method_for(book: Book, invoice: Item) -> Item | None:
    """Return the card an invoice is charged to: the invoice's, the subscription's, the customer's, or None."""
    subscription = book.find("subscription", invoice["_subscription"]) or {}
    customer = book.get("customer", invoice["customer"])
    for candidate in (
        invoice["default_payment_method"],
        subscription.get("default_payment_method"),
        customer["invoice_settings"]["default_payment_method"],
    ):
        method = book.find("payment_method", candidate)
        if method is not None and method["customer"] == customer["id"]:
            return method
    return None


def open_invoices(book: Book, subscription: Item) -> list[Item]:
    """Return the invoices of a subscription that are finalized and not paid, newest first."""
    return book.all("invoice", customer=subscription["customer"], _subscription=subscription["id"], status="open")


def _mark_paid(book: Book, invoice: Item, at: int) -> None:
    invoice.update(
        status="paid",
        attempted=True,
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        next_payment_attempt=None,
        auto_advance=False,
    )
    invoice["status_transitions"]["paid_at"] = at
    customer = book.get("customer", invoice["customer"])
    if customer["delinquent"] and not book.all("invoice", customer=customer["id"], status="open"):
        customer["delinquent"] = False
        book.tell("customer.updated", customer, at)
    book.tell("invoice.paid", invoice, at)
    book.tell("invoice.payment_succeeded", invoice, at)


def _decline_code(method: Item, *, on_session: bool) -> str | None:
    declines = method.get("_declines") or {}
    return declines.get("always") or (None if on_session else declines.get("renewal"))


def _every(price: Item) -> str:
    recurring = price["recurring"]
    count = recurring["interval_count"]
    return recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"
