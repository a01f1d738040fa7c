"""The chart of a rule: the reading it looks at, with its threshold; of transfers the sizes of those that fired."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.schemas import AlertRead, RuleRead
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.money import plain
from backend.market import service as market_service
from components.i18n import t
from state.view_models import ChartView, Threshold

RANGES: dict[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
POINTS = 400
BARS = 60


def range_of(query: dict[str, str]) -> str:
    """Return the range that an address names, a day when it names none."""
    wanted = query.get("range", "")
    return wanted if wanted in RANGES else "24h"


async def read_chart(session: AsyncSession, rule: RuleRead, alerts: Sequence[AlertRead], span: str) -> ChartView:
    """Return the rule's chart over the last `span` (a key of RANGES) from the time-series session."""
    since = utc_now() - RANGES[span]
    found = {condition["field"]: condition for condition in rule.conditions}
    if rule.type == "price":
        return await _price_chart(session, found, alerts, since)
    return _sizes(found, alerts, since, RANGES[span])


async def _price_chart(
    session: AsyncSession, found: dict[str, Any], alerts: Sequence[AlertRead], since: datetime
) -> ChartView:
    chain_id, token = int(found["chain"]["value"]), str(found["token"]["value"])
    series = await market_service.price_series(session, chain_id, token, since, POINTS)
    thresholds = []
    if "price_usd" in found:
        wanted = Decimal(str(found["price_usd"]["value"]))
        thresholds = [Threshold(float(wanted), formats.usd(wanted))]
    points: list[list[float | None]] = [[point.taken_at.timestamp(), point.price_usd] for point in series]
    return ChartView(
        points=points,
        thresholds=thresholds,
        marks=_marks(alerts, since),
        unit="$",
        title=t("chart.price"),
        summary=_summary(points, t("chart.price"), "$"),
        source=t("chart.price_source"),
    )


def _sizes(found: dict[str, Any], alerts: Sequence[AlertRead], since: datetime, span: timedelta) -> ChartView:
    """Return the largest transfer of each step of time, in dollars where the rule is in dollars, else in tokens."""
    field, unit = ("amount", "") if "amount" in found and "value_usd" not in found else ("value_usd", "$")
    step = span / BARS
    largest: list[float | None] = [None] * BARS
    for alert in alerts:
        size = alert.event.get(field)
        place = min(BARS - 1, int((alert.triggered_at - since) / step))
        if size is not None and place >= 0:
            largest[place] = max(largest[place] or 0.0, float(size))
    thresholds = []
    if field in found:
        wanted = Decimal(str(found[field]["value"]))
        thresholds = [Threshold(float(wanted), formats.usd(wanted) if unit else plain(wanted))]
    points = [[(since + step * place).timestamp(), size] for place, size in enumerate(largest)]
    title = t("chart.sizes", step=formats.duration(int(step.total_seconds())))
    return ChartView(
        points=points if any(size is not None for size in largest) else [],
        thresholds=thresholds,
        unit=unit,
        look="bars",
        title=title,
        summary=_summary(points, title, unit),
        source=t("chart.sizes_source", count=formats.number(len(alerts))),
    )


def _marks(alerts: Sequence[AlertRead], since: datetime) -> list[float]:
    return sorted({alert.triggered_at.timestamp() for alert in alerts if alert.triggered_at >= since})


def _summary(points: list[list[float | None]], title: str, unit: str) -> str:
    """Return the series in words, for who does not see it."""
    values = [value for _, value in points if value is not None]
    if not values:
        return title
    sign = unit if unit == "$" else ""
    low, high, last = (f"{sign}{value:,.6g}" for value in (min(values), max(values), values[-1]))
    return t("chart.summary", title=title, count=len(values), low=low, high=high, last=last)
