"""What time does by itself: renewals, trial ends, dunning, expiries; one step after the other, each at its time."""

from collections.abc import Iterator
from typing import Any

from backend.test_payments.book import invoices, subscriptions
from backend.test_payments.book.book import Book
from backend.test_payments.book.previews import preview
from backend.test_payments.engine.periods import DAY, period_end

Item = dict[str, Any]
TRIAL_NOTICE_DAYS = 3
UPCOMING_NOTICE_DAYS = 7
INCOMPLETE_SECONDS = 23 * 3_600
MOST_STEPS = 2_000


def run_until(book: Book, customers: list[Item], until: int) -> int:
    """Do everything that is due for these customers up to `until`, in order of time; return how much it was."""
    clock_ids = {customer["test_clock"] for customer in customers if customer["test_clock"]}
    clocks = [book.get("test_helpers.test_clock", clock_id) for clock_id in clock_ids]
    for step in range(MOST_STEPS):
        due = min(_steps(book, customers), key=lambda each: each[0], default=None)
        if due is None or due[0] > until:
            return step
        at, work, item = due
        for clock in clocks:
            clock["frozen_time"] = max(clock["frozen_time"], at)
        work(book, item, at)
    return MOST_STEPS


def next_due(book: Book, customers: list[Item]) -> int | None:
    """Return when the next thing is due for these customers."""
    return min((at for at, _, _ in _steps(book, customers)), default=None)


def _steps(book: Book, customers: list[Item]) -> Iterator[tuple[int, Any, Item]]:
    for customer in customers:
        for subscription in book.all("subscription", customer=customer["id"]):
            yield from _steps_of_subscription(subscription)
        for invoice in book.all("invoice", customer=customer["id"]):
            if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
                yield invoice["automatically_finalizes_at"], _finalize, invoice
            elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
                yield invoice["next_payment_attempt"], _try_again, invoice
        for session in book.all("checkout.session", customer=customer["id"], status="open"):
            yield session["expires_at"], expire_session, session


def _steps_of_subscription(subscription: Item) -> Iterator[tuple[int, Any, Item]]:
    status = subscription["status"]
    end = invoices.item_of(subscription)["current_period_end"]
    if status == "incomplete":
        yield subscription["created"] + INCOMPLETE_SECONDS, _give_up, subscription
    if status not in ("trialing", "active", "past_due", "unpaid"):
        return
    if status == "trialing" and subscription.get("_trial_notice") != end:
        yield max(end - TRIAL_NOTICE_DAYS * DAY, subscription["created"]), _tell_trial_end, subscription
    if status in ("active", "past_due") and subscription.get("_upcoming") != end and subscription["cancel_at"] is None:
        yield max(end - UPCOMING_NOTICE_DAYS * DAY, subscription["created"]), _tell_upcoming, subscription
    ends_at = subscription["cancel_at"]
    if ends_at is not None and ends_at < end:
        yield ends_at, _end_as_asked, subscription
    yield end, _turn_period, subscription


def _tell_trial_end(book: Book, subscription: Item, at: int) -> None:
    subscription["_trial_notice"] = invoices.item_of(subscription)["current_period_end"]
    book.tell("customer.subscription.trial_will_end", subscription, at)


def _tell_upcoming(book: Book, subscription: Item, at: int) -> None:
    subscription["_upcoming"] = invoices.item_of(subscription)["current_period_end"]
    book.tell("invoice.upcoming", preview(book, subscription, {}, at), at)


def _turn_period(book: Book, subscription: Item, at: int) -> None:
    """End the subscription if it is to end now, else begin and bill the next period."""
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= at:
        _end_as_asked(book, subscription, at)
        return
    item = invoices.item_of(subscription)
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    recurring = item["price"]["recurring"]
    past = {"start": item["current_period_start"], "end": at}
    anchor = subscription["billing_cycle_anchor"]
    period = {"start": at, "end": period_end(anchor, at, recurring["interval"], recurring["interval_count"])}
    subscriptions.start_period(subscription, period)
    line = invoices.period_line(book, subscription, period)
    invoice = invoices.draft(book, subscription, [line], "subscription_cycle", past, at, wait=True)
    if subscription["status"] == "unpaid":
        invoice.update(auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None)
    book.tell("customer.subscription.updated", subscription, at)


def _end_as_asked(book: Book, subscription: Item, at: int) -> None:
    subscriptions.end(book, subscription, at, "cancellation_requested")


def _finalize(book: Book, invoice: Item, at: int) -> None:
    invoices.finalize(book, invoice, at)
    _collect(book, invoice, at)


def _try_again(book: Book, invoice: Item, at: int) -> None:
    _collect(book, invoice, at)


def _collect(book: Book, invoice: Item, at: int) -> None:
    subscription = book.get("subscription", invoice["_subscription"])
    decline = invoices.collect(book, invoice, at)
    subscriptions.settle_status(book, subscription, decline, at)
    if decline is not None and invoice["next_payment_attempt"] is None:
        if book.rules.after_last_retry == "cancel":
            subscriptions.end(book, subscription, at, "payment_failed")
            return
        subscription["status"] = "unpaid"
    book.tell("customer.subscription.updated", subscription, at)


def _give_up(book: Book, subscription: Item, at: int) -> None:
    subscription.update(status="incomplete_expired", ended_at=at)
    for invoice in invoices.open_invoices(book, subscription):
        invoice.update(status="void", next_payment_attempt=None, auto_advance=False)
        invoice["status_transitions"]["voided_at"] = at
    book.tell("customer.subscription.updated", subscription, at)


def expire_session(book: Book, session: Item, at: int) -> None:
    """Close a checkout session that nobody completed."""
    session.update(status="expired", url=None)
    book.tell("checkout.session.expired", session, at)
