"""Moving one customer on in time, for a demonstration or a test: the customer gets a test clock of its own."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.book import clockwork, invoices, shapes
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.engine.periods import DAY

Item = dict[str, Any]
DUNNING_DAYS = 16
"""The retries take 15 days after the first failure."""


def advance_customer(book: Book, customer: Item, until: int) -> int:
    """Let time pass for one customer up to `until`; return the customer's time afterwards (it never goes back)."""
    clock = book.find("test_helpers.test_clock", customer["test_clock"])
    if clock is None:
        now = int(now_seconds())
        clock = shapes.test_clock(new_object_id("clock"), now, {"frozen_time": now, "name": customer["id"]})
        book.add(clock)
        customer["test_clock"] = clock["id"]
        for kind in ("subscription", "invoice"):
            for item in book.all(kind, customer=customer["id"]):
                item["test_clock"] = clock["id"]
    until = max(until, clock["frozen_time"])
    clockwork.run_until(book, book.all("customer", test_clock=clock["id"]), until)
    clock["frozen_time"] = until
    return until


def leaps(book: Book, customer: Item) -> list[tuple[str, int]]:
    """Return where one may want to leap to, as words and times."""
    now = book.time(customer)
    found = [("One day later", now + DAY)]
    for subscription in book.all("subscription", customer=customer["id"]):
        if subscription["ended_at"] is not None:
            continue
        end = invoices.item_of(subscription)["current_period_end"]
        after = end + invoices.DRAFT_SECONDS + 60
        words = "To the end of the trial" if subscription["status"] == "trialing" else "To the next renewal"
        found.append((words, after))
        if any(each["next_payment_attempt"] for each in invoices.open_invoices(book, subscription)):
            found.append(("To the end of the retries", now + DUNNING_DAYS * DAY))
    return found
