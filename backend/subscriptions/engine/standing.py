"""Which plan a customer's subscriptions give, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.subscriptions.engine.records import SubscriptionRecord

# A failed renewal costs nothing for so long; then the plan is free until the card is put right.
GRACE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan that counts, the subscription it comes from (None: none is live), and others that are live beside it."""

    tier: str
    reason: str
    subscription: SubscriptionRecord | None
    surplus: tuple[SubscriptionRecord, ...] = ()


def grace_ends(past_due_since: datetime | None) -> datetime | None:
    """Return when a subscription that is past due since then gives nothing any more."""
    return None if past_due_since is None else past_due_since + GRACE


def gives_rights(subscription: SubscriptionRecord, now: datetime) -> bool:
    """Return whether a subscription gives its plan at `now`."""
    if subscription.status in ("trialing", "active"):
        return True
    ends = grace_ends(subscription.past_due_since)
    return subscription.status == "past_due" and (ends is None or now < ends)


def standing(subscriptions: Iterable[SubscriptionRecord], now: datetime) -> Standing:
    """Return what these subscriptions give at `now`: the newest live one counts.

    One that gives rights counts before one that does not, so that an unpaid leftover hides nothing.
    """
    live = [each for each in subscriptions if each.is_live]
    live.sort(key=lambda each: (gives_rights(each, now), each.started_at, each.id), reverse=True)
    if not live:
        return Standing("free", "no live subscription", None)
    newest, others = live[0], tuple(live[1:])
    if gives_rights(newest, now):
        return Standing(newest.tier, f"subscription {newest.status}", newest, others)
    return Standing("free", f"subscription {newest.status}", newest, others)
