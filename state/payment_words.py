"""How subscriptions read: states, amounts and dates in words."""

from datetime import datetime

from backend.subscriptions.schemas import SubscriptionRead, SubscriptionState
from backend.subscriptions.service import day, money
from components.i18n import t

_TONES = {"active": "gain", "trialing": "accent", "past_due": "warn", "unpaid": "loss"}


def payment_problem(shown: SubscriptionRead) -> str:
    """Return the sentence of a payment that failed, empty when all is well."""
    state = shown.subscription
    if state is None or state.status not in ("past_due", "unpaid"):
        return ""
    plan = t(f"plan.{state.tier}")
    if shown.tier == "free" or state.grace_ends_at is None:
        return t("billing.problem_paused", plan=plan)
    return t("billing.problem_grace", plan=plan, date=day(state.grace_ends_at))


def status_word(state: SubscriptionState) -> str:
    """Return the state in one or two words."""
    if state.ends_at is not None:
        return t("billing.status_ends")
    return t(f"billing.status_{state.status}")


def status_tone(state: SubscriptionState) -> str:
    """Return the badge's tone of the state."""
    return "warn" if state.ends_at is not None else _TONES.get(state.status, "neutral")


def price_words(cents: int, currency: str, interval: str) -> str:
    """Return a price with its period: `$50.00 a month`."""
    return t(f"billing.price_{interval}", amount=money(cents, currency))


def next_words(state: SubscriptionState) -> str:
    """Return what happens next with the subscription."""
    if state.ends_at is not None:
        return t("billing.next_ends", plan=t(f"plan.{state.tier}"), date=day(state.ends_at))
    if state.next_charge is None:
        return t("billing.next_unpaid")
    values = {
        "amount": money(state.next_charge.amount_cents, state.next_charge.currency),
        "date": day(state.next_charge.at),
    }
    return t("billing.next_trial" if state.status == "trialing" else "billing.next_charge", **values)


def short_day(moment: datetime | None) -> str:
    """Return a day as tables write it, empty when there is none."""
    return f"{moment:%Y-%m-%d}" if moment is not None else ""
