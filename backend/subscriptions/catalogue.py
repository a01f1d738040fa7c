"""Which price at Stripe stands for which plan: by the ids in the settings, else by lookup key or metadata.

A price is known by its lookup key `premium_{tier}_{month|year}`, or by a metadata entry `tier` (that is how Enterprise
is sold, at a price agreed for one customer).
"""

from collections.abc import Mapping
from typing import Any

from backend.accounts.service import PLANS
from backend.core.settings import Settings
from backend.subscriptions.engine.records import Interval

SOLD_ONLINE = ("starter", "pro")
INTERVALS: tuple[Interval, ...] = ("month", "year")


def lookup_key(tier: str, interval: Interval) -> str:
    """Return the lookup key of a plan's price."""
    return f"premium_{tier}_{interval}"


def configured_price(settings: Settings, tier: str, interval: Interval) -> str:
    """Return the id of a plan's price in the settings, or an empty text."""
    return getattr(settings, f"stripe_price_{tier}_{interval}")


def amount_cents(tier: str, interval: Interval) -> int:
    """Return what a plan costs, in cents. Raises KeyError for a plan that is not sold online."""
    plan = PLANS[tier]
    usd = plan.month_usd if interval == "month" else plan.year_usd
    if usd is None or tier not in SOLD_ONLINE:
        raise KeyError(tier)
    return int(usd * 100)


def tier_of_price(settings: Settings, price: Mapping[str, Any]) -> str | None:
    """Return the plan that a price (Stripe's object as a dict) stands for, None when it is not one of ours."""
    for tier in SOLD_ONLINE:
        for interval in INTERVALS:
            configured = configured_price(settings, tier, interval)
            if price.get("id") == configured != "" or price.get("lookup_key") == lookup_key(tier, interval):
                return tier
    named = str((price.get("metadata") or {}).get("tier", ""))
    return named if named in PLANS and named != "free" else None
