"""The chart of a rule: the reading it looks at, with its threshold; of transfers the sizes of those that fired."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.kinds.registry import kind_named
from backend.alerts.schemas import AlertRead, RuleRead
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.money import plain
from backend.market import service as market_service
from components.i18n import catalogue, t
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
    kind = kind_named(rule.type)
    reading = kind.reading_of(kind.of_stored(rule.conditions))
    if reading is not None:
        return await _reading_chart(session, reading, alerts, since)
    found = {condition["field"]: condition for condition in rule.conditions}
    if any(alert.event.get("value_usd") is not None or alert.event.get("amount") is not None for alert in alerts):
        return _sizes(found, alerts, since, RANGES[span])
    return _counts(alerts, since, RANGES[span])


async def _reading_chart(
    session: AsyncSession, reading: Any, alerts: Sequence[AlertRead], since: datetime
) -> ChartView:
    """Return the series that a rule looks at; the threshold of a change is in percent, so no line of this chart."""
    metric, place, subject = reading.metric, reading.chain_id, reading.subject
    if metric == "price_usd":
        prices = await market_service.price_series(session, place, subject, since, POINTS)
        points: list[list[float | None]] = [[each.taken_at.timestamp(), each.price_usd] for each in prices]
    else:
        series = await market_service.metric_series(session, metric, place, subject, since, POINTS)
        points = [[each.taken_at.timestamp(), float(each.value)] for each in series]
    unit = _unit(metric)
    said = formats.usd(reading.threshold) if unit == "$" else f"{reading.threshold.normalize():,f} {unit}"
    line = "" if reading.window else said
    title = catalogue().get(f"metric.{metric}") or metric
    return ChartView(
        points=points,
        thresholds=[Threshold(float(reading.threshold), line.strip())] if line else [],
        marks=_marks(alerts, since),
        unit=unit,
        title=title,
        summary=_summary(points, title, unit),
        source=t("chart.price_source" if metric == "price_usd" else "chart.metric_source"),
    )


def _unit(metric: str) -> str:
    if metric.endswith("_usd"):
        return "$"
    return "%" if metric.endswith("_pct") else "gwei" if metric.endswith("_gwei") else ""


def _counts(alerts: Sequence[AlertRead], since: datetime, span: timedelta) -> ChartView:
    """Return how many alerts there were in each step of time, for a rule that looks at no number."""
    step = span / BARS
    counts = [0] * BARS
    for alert in alerts:
        place = min(BARS - 1, int((alert.triggered_at - since) / step))
        if place >= 0 and alert.triggered_at >= since:
            counts[place] += 1
    points: list[list[float | None]] = [
        [(since + step * place).timestamp(), float(count) if count else None] for place, count in enumerate(counts)
    ]
    title = t("chart.counts", step=formats.duration(int(step.total_seconds())))
    return ChartView(
        points=points if any(counts) else [],
        look="bars",
        title=title,
        summary=_summary(points, title, ""),
        source=t("chart.counts_source", count=formats.number(len(alerts))),
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
