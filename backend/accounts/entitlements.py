"""What each plan gives: the one table of features, caps and prices. Pages, routes, services and jobs all ask here.

Caps are those of design.md ("Where the documents disagree"); None means unlimited, 0 means not at all. Prices are in US
dollars; a year costs ten months.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from backend.accounts.schemas import CurrentUser
from backend.core.errors import TierLimitError


class Feature(StrEnum):
    """What a plan may include."""

    ALERTS = "alerts"
    PORTFOLIO = "portfolio"
    TAX = "tax"
    GAS = "gas"
    TRADING = "trading"
    YIELDS = "yields"
    BRIDGES = "bridges"
    COPY_TRADING = "copy_trading"
    SECURITY = "security"
    ANALYTICS = "analytics"
    API_KEYS = "api_keys"
    WHITE_LABEL = "white_label"
    CUSTOM_LIMITS = "custom_limits"


class Cap(StrEnum):
    """What a plan may limit in number."""

    ALERT_RULES = "alert_rules"
    ALERTS_PER_HOUR = "alerts_per_hour"
    ALERTS_PER_DAY = "alerts_per_day"
    WATCHED_WALLETS = "watched_wallets"
    PORTFOLIO_WALLETS = "portfolio_wallets"
    PORTFOLIO_REFRESHES_PER_HOUR = "portfolio_refreshes_per_hour"
    TARGET_ALLOCATIONS = "target_allocations"
    SCHEDULED_EXPORTS = "scheduled_exports"
    TAX_TRANSACTIONS = "tax_transactions"
    API_REQUESTS_PER_MINUTE = "api_requests_per_minute"


@dataclass(frozen=True, slots=True)
class Plan:
    """A tier: prices (None: free of charge), features, caps. `by_request`: sold by talking, from that price."""

    tier: str
    month_usd: Decimal | None
    year_usd: Decimal | None
    features: frozenset[Feature]
    caps: dict[Cap, int | None]
    trial_days: int = 0
    by_request: bool = False


_BASIC = frozenset({Feature.ALERTS, Feature.PORTFOLIO})
_PRO = _BASIC | {
    *(Feature.TAX, Feature.GAS, Feature.TRADING, Feature.YIELDS, Feature.BRIDGES),
    *(Feature.COPY_TRADING, Feature.SECURITY, Feature.ANALYTICS),
}
_CAPS: dict[Cap, tuple[int | None, int | None, int | None, int | None]] = {
    Cap.ALERT_RULES: (3, 10, 50, None),
    Cap.ALERTS_PER_HOUR: (5, 10, 100, 1_000),
    Cap.ALERTS_PER_DAY: (40, 80, 800, 8_000),  # eight full hours
    Cap.WATCHED_WALLETS: (1, 10, 50, 100),
    Cap.PORTFOLIO_WALLETS: (1, 5, 20, None),
    Cap.PORTFOLIO_REFRESHES_PER_HOUR: (4, 12, 60, 240),  # evenly: one every 15 minutes, 5, 1, a quarter
    Cap.TARGET_ALLOCATIONS: (1, 3, 10, None),
    Cap.SCHEDULED_EXPORTS: (1, 3, 10, None),
    Cap.TAX_TRANSACTIONS: (0, 0, 100_000, None),
    Cap.API_REQUESTS_PER_MINUTE: (100, 1_000, 10_000, 100_000),
}
TIERS = ("free", "starter", "pro", "enterprise")


def _caps(place: int) -> dict[Cap, int | None]:
    return {cap: by_tier[place] for cap, by_tier in _CAPS.items()}


PLANS: dict[str, Plan] = {
    "free": Plan("free", None, None, _BASIC, _caps(0)),
    "starter": Plan("starter", Decimal(25), Decimal(250), _BASIC, _caps(1)),
    "pro": Plan("pro", Decimal(50), Decimal(500), _PRO, _caps(2), trial_days=7),
    "enterprise": Plan("enterprise", Decimal(500), None, frozenset(Feature), _caps(3), by_request=True),
}


def plan_of(tier: str) -> Plan:
    """Return the plan of a tier; one that nobody knows is free."""
    return PLANS.get(tier, PLANS["free"])


def allows(tier: str, feature: Feature) -> bool:
    """Return whether a tier includes a feature."""
    return feature in plan_of(tier).features


def cap(tier: str, what: Cap) -> int | None:
    """Return how many a tier allows of something; None: no limit."""
    return plan_of(tier).caps[what]


def first_tier_with(feature: Feature) -> str:
    """Return the cheapest tier that includes a feature."""
    return next(tier for tier in TIERS if allows(tier, feature))


def next_tier_with_more(tier: str, what: Cap) -> str | None:
    """Return the cheapest tier above `tier` that allows more of something, or None when none does."""
    have = cap(tier, what)
    place = TIERS.index(tier) if tier in TIERS else 0
    for other in TIERS[place + 1 :]:
        allowed = cap(other, what)
        if have is not None and (allowed is None or allowed > have):
            return other
    return None


def require(user: CurrentUser, feature: Feature) -> None:
    """Raise TierLimitError, which says the plan that has it, when the user's plan does not include a feature."""
    if not allows(user.tier, feature):
        wanted = first_tier_with(feature)
        name = feature.value.replace("_", " ")
        raise TierLimitError(
            f"Your plan does not include {name}; it comes with {wanted.capitalize()}.",
            {"feature": feature.value, "tier": user.tier, "upgradeTo": wanted},
        )


def require_room(user: CurrentUser, what: Cap, used: int, adding: int = 1) -> None:
    """Raise TierLimitError when `used` and `adding` together are more than the plan allows.

    Its details say `cap`, `limit`, `used` and `upgradeTo` (None: no plan allows more). Count `used` under a lock of the
    user (or a constraint): two tabs must not both find the last place free.
    """
    most = cap(user.tier, what)
    if most is None or used + adding <= most:
        return
    upgrade = next_tier_with_more(user.tier, what)
    message = f"Your {plan_of(user.tier).tier.capitalize()} plan allows {_counted(what, most)}; {used} in use"
    message += f", {adding} more wanted." if adding > 1 else "."
    if upgrade is not None:
        more = cap(upgrade, what)
        message += f" {upgrade.capitalize()} allows {'any number' if more is None else f'{more:,}'}."
    raise TierLimitError(message, {"cap": what.value, "limit": most, "used": used, "upgradeTo": upgrade})


def _counted(what: Cap, number: int) -> str:
    name = what.value.replace("_", " ")
    return f"{number:,} {name.removesuffix('s') if number == 1 else name}"
