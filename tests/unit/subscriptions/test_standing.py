"""Which plan a set of subscriptions gives, whatever their order."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.subscriptions.engine.records import InvoiceRecord, SubscriptionRecord
from backend.subscriptions.engine.standing import GRACE, standing
from backend.subscriptions.sync import with_past_due

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STATUSES = (
    "incomplete", "incomplete_expired", "trialing", "active", "past_due", "canceled", "unpaid", "paused",
)  # fmt: skip


def made(
    name: str, status: str = "active", tier: str = "pro", age_days: float = 1, **more: object
) -> SubscriptionRecord:
    started = NOW - timedelta(days=age_days)
    base = SubscriptionRecord(
        id=name, customer="cus_1", tier=tier, status=status, interval="month", price_id="price_1", item_id="si_1",
        amount_cents=5000, currency="usd", period_start=started, period_end=started + timedelta(days=30),
        started_at=started,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def invoice(subscription: str, issued: datetime, status: str = "open", attempts: int = 1) -> InvoiceRecord:
    return InvoiceRecord(
        id=f"in_{issued:%d}", subscription=subscription, number=None, status=status, amount_due_cents=5000,
        amount_paid_cents=0, total_cents=5000, currency="usd", description="", attempt_count=attempts,
        next_attempt_at=None, hosted_url=None, pdf_url=None, issued_at=issued, paid_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "tier"),
    [("active", "pro"), ("trialing", "pro"), ("past_due", "pro"), ("unpaid", "free"), ("paused", "free"),
     ("canceled", "free"), ("incomplete", "free"), ("incomplete_expired", "free")],
)  # fmt: skip
def test_what_each_status_gives(status: str, tier: str) -> None:
    assert standing([made("sub_1", status)], NOW).tier == tier


def test_nothing_gives_free() -> None:
    assert standing([], NOW).tier == "free"


def test_grace_lasts_a_week_to_the_second() -> None:
    late = made("sub_1", "past_due", past_due_since=NOW - GRACE + timedelta(seconds=1))
    assert standing([late], NOW).tier == "pro"
    assert standing([replace(late, past_due_since=NOW - GRACE)], NOW).tier == "free"


def test_the_newest_live_one_counts_and_the_others_are_surplus() -> None:
    old, new = made("sub_old", tier="starter", age_days=9), made("sub_new", tier="pro", age_days=2)
    found = standing([old, new, made("sub_gone", "canceled", age_days=0)], NOW)
    assert (found.tier, found.subscription, found.surplus) == ("pro", new, (old,))


def test_an_unpaid_leftover_hides_nothing() -> None:
    found = standing([made("sub_unpaid", "unpaid", age_days=1), made("sub_paid", tier="starter", age_days=9)], NOW)
    assert found.tier == "starter"


@given(
    st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(("starter", "pro")), st.integers(0, 40)), max_size=6)
)
def test_the_order_of_the_answer_does_not_matter(given_ones: list[tuple[str, str, int]]) -> None:
    records = [made(f"sub_{n}", status, tier, age) for n, (status, tier, age) in enumerate(given_ones)]
    shuffled = list(records)
    random.Random(3).shuffle(shuffled)
    assert standing(records, NOW) == standing(shuffled, NOW)
    assert (standing(records, NOW).tier != "free") == any(
        each.status in ("active", "trialing", "past_due") for each in records
    )


def test_past_due_since_the_oldest_unpaid_invoice() -> None:
    late = made("sub_1", "past_due")
    first, second = NOW - timedelta(days=6), NOW - timedelta(days=2)
    invoices = [
        invoice("sub_1", second), invoice("sub_1", first), invoice("sub_1", NOW - timedelta(days=20), "paid"),
        invoice("sub_2", NOW - timedelta(days=30)), invoice("sub_1", NOW - timedelta(days=9), attempts=0),
    ]  # fmt: skip
    assert with_past_due(late, invoices).past_due_since == first
    assert with_past_due(made("sub_1"), invoices).past_due_since is None


def test_when_a_cancelled_one_ends() -> None:
    assert made("sub_1").ends is None
    cancelled = made("sub_1", cancel_at_period_end=True)
    assert cancelled.ends == cancelled.period_end
    trial_end = NOW + timedelta(days=3)
    assert made("sub_1", "trialing", cancel_at_period_end=True, trial_end=trial_end).ends == trial_end
    assert made("sub_1", cancel_at=NOW).ends == NOW
