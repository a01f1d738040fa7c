"""What an update of a subscription comes to: the same plan is shown as a preview and carried out."""

from dataclasses import dataclass, field
from typing import Any

from backend.test_payments.book import invoices, shapes
from backend.test_payments.book.book import Book
from backend.test_payments.engine.amounts import change_of_price, prorated
from backend.test_payments.engine.periods import period_end
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]
DEFAULT_PRORATION = "create_prorations"


@dataclass
class Plan:
    """Lines that are billed now, lines that wait for the next invoice, and the new period where it starts afresh."""

    now: list[Item] = field(default_factory=list)
    later: list[Item] = field(default_factory=list)
    new_period: Item | None = None
    bills_now: bool = False


def plan_change(book: Book, subscription: Item, wanted: Item, at: int) -> Plan:
    """Change `subscription` (price, quantity, trial end) as wanted, and return what is to be billed.

    Periods and money are not touched: the caller carries the plan out, or throws both away after a preview.
    `wanted`: price (an object), quantity, trial_end ("now" or a time), proration_behavior.
    Raises StripeError when the change is not possible.
    """
    item = invoices.item_of(subscription)
    before = {**item}
    price = wanted.get("price") or item["price"]
    quantity = wanted.get("quantity") or item["quantity"]
    is_trial = subscription["status"] == "trialing"
    ends_trial = is_trial and wanted.get("trial_end") == "now"
    if price["currency"] != subscription["currency"]:
        raise StripeError("The price must be in the subscription's currency.", param="items[0][price]")
    item.update(price=price, plan=shapes.plan(price), quantity=quantity)
    moved = (before["price"]["id"], before["quantity"]) != (price["id"], quantity)
    if ends_trial:
        return _fresh_period(book, subscription, at, credit=[])
    if is_trial or not moved or subscription["status"] not in ("active", "past_due", "unpaid"):
        return Plan()
    behavior = wanted.get("proration_behavior") or DEFAULT_PRORATION
    if _rhythm(before["price"]) != _rhythm(price):
        return _fresh_period(book, subscription, at, credit=_credit(book, subscription, before, at, behavior))
    return _within_period(book, subscription, before, at, behavior)


def _rhythm(price: Item) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def _amount(item: Item) -> int:
    return item["price"]["unit_amount"] * item["quantity"]


def _credit(book: Book, subscription: Item, before: Item, at: int, behavior: str) -> list[Item]:
    """Return the credit for the unused rest of the period at the old price."""
    start, end = before["current_period_start"], before["current_period_end"]
    amount = prorated(_amount(before), at, start, end)
    if behavior == "none" or amount == 0 or subscription["status"] == "unpaid":
        return []
    return [invoices.proration_line(book, subscription, before, -amount, at, end)]


def _fresh_period(book: Book, subscription: Item, at: int, credit: list[Item]) -> Plan:
    """Return the plan for a billing cycle that starts anew: another rhythm, or a trial that ends early."""
    interval, count = _rhythm(invoices.item_of(subscription)["price"])
    period = {"end": period_end(at, at, interval, count), "start": at}
    lines = [*credit, invoices.period_line(book, subscription, period)]
    return Plan(now=lines, new_period=period, bills_now=True)


def _within_period(book: Book, subscription: Item, before: Item, at: int, behavior: str) -> Plan:
    """Return the plan for another price in the same rhythm: the period stays."""
    item = invoices.item_of(subscription)
    if behavior == "none" or subscription["status"] == "unpaid":
        return Plan()
    start, end = item["current_period_start"], item["current_period_end"]
    change = change_of_price(_amount(before), _amount(item), at, start, end)
    lines = [
        invoices.proration_line(book, subscription, of, amount, at, end)
        for of, amount in ((before, change.credit), (item, change.debit))
        if amount != 0
    ]
    if behavior == "always_invoice":
        return Plan(now=lines, bills_now=True)
    return Plan(later=lines)
