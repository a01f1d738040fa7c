"""The dashboard and the analytics of a user's alerts, in the caller's session (opened with the user's id)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, cap, next_tier_with_more
from backend.alerts.engine.quota import DAY_SECONDS, HOUR_SECONDS, Period
from backend.alerts.insights import repository
from backend.alerts.insights.schemas import (
    AlertAnalytics,
    AlertDashboard,
    ChainAlerts,
    ChannelDeliveries,
    CountedAlerts,
    DeliveryFigures,
    HeldBack,
    HourAlerts,
    KindAlerts,
    KindRules,
    Latency,
    PeriodAlerts,
    Quantiles,
    RuleAlerts,
    SilentAlerts,
    Unit,
)
from backend.alerts.schemas import AlertRead
from backend.chain.registry import chain_name
from backend.core.clock import from_unix, utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.notifications.service import held_messages

__all__ = ["MAX_DAYS", "analytics", "dashboard", "held_back", "roll_up"]

MAX_DAYS = 366
NEWEST = 10
# Blocks are kept for a week to follow reorganisations, so for a week a closed day can still change.
COUNTED_AGAIN_DAYS = 8
_Counted = TypeVar("_Counted", bound=CountedAlerts)


async def dashboard(session: AsyncSession, user: CurrentUser) -> AlertDashboard:
    """Return the figures of the user's rules and alerts as of now, with the newest alerts."""
    now = utc_now()
    day_ago = now - timedelta(days=1)
    today = now.date()
    kinds = await repository.rules_by_kind(session, user.id)
    week = await repository.count_alerts(session, user.id, today - timedelta(days=6), _after(today), "day")
    month = await repository.count_alerts(session, user.id, today - timedelta(days=29), _after(today), "month")
    told_7d = {row["type"]: _counted(row).told for row in week if row["what"] == "kind"}
    newest = await repository.newest_alerts(session, user.id, NEWEST)
    sent = await repository.deliveries_since(session, user.id, day_ago)
    return AlertDashboard(
        rules_total=sum(row["rules"] for row in kinds),
        rules_active=sum(row["active"] for row in kinds),
        rules_paused=sum(row["rules"] - row["active"] for row in kinds),
        rules_paused_by_plan=sum(row["paused_by_plan"] for row in kinds),
        kinds=[
            KindRules(kind=row["kind"], rules=row["rules"], active=row["active"], alerts_7d=told_7d.get(row["kind"], 0))
            for row in kinds
        ],
        last_24h=_counted(await repository.alerts_since(session, user.id, day_ago)),
        last_7d=_total(week),
        last_30d=_total(month),
        hours=await _hours(session, user, now),
        deliveries=_figures(sent),
        latency=await _latency(session, user, day_ago, now),
        held=await held_back(session, user, now),
        newest=[AlertRead.model_validate(row) for row in newest],
        as_of=now,
    )


async def held_back(session: AsyncSession, user: CurrentUser, now: datetime) -> HeldBack:
    """Return what the user is not told yet as of `now`: held messages, and alerts kept silent by the plan.

    Alerts are counted by hour or day only while that one is used up: of what was held back before, a summary came.
    """
    silent = []
    for seconds, what in ((DAY_SECONDS, Cap.ALERTS_PER_DAY), (HOUR_SECONDS, Cap.ALERTS_PER_HOUR)):
        most = cap(user.tier, what)
        if most is None:
            continue
        period = Period(seconds, int(now.timestamp() // seconds))
        found = _counted(await repository.alerts_since(session, user.id, from_unix(period.begins)))
        if found.suppressed and found.told >= most:
            silent.append(
                SilentAlerts(
                    per=period.name,
                    limit=most,
                    alerts=found.suppressed,
                    until=from_unix(period.ends),
                    upgrade_to=next_tier_with_more(user.tier, what),
                )
            )
    # The hour's are a part of the day's while that is used up.
    return HeldBack(messages=await held_messages(session, user.id), silent=silent[:1])


async def analytics(
    session: AsyncSession, user: CurrentUser, days: int = 30, unit: Unit = "day", last: date | None = None
) -> AlertAnalytics:
    """Return figures of the `days` days up to `last` (today, in UTC, unless said).

    Raises InvalidInputError for a span of none or of more than 366 days, or one that ends after today.
    """
    now = utc_now()
    last = last or now.date()
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInputError("This span cannot be counted.", {"days": f"Choose between 1 and {MAX_DAYS} days."})
    if not date(2009, 1, 1) <= last <= _after(now.date()):
        raise InvalidInputError("This span cannot be counted.", {"last": "Choose a day that is not in the future."})
    first, past = last - timedelta(days=days - 1), _after(last)
    rows = await repository.count_alerts(session, user.id, first, past, unit)
    channels = await repository.count_deliveries(session, user.id, first, past)
    by_start = {row["start"]: row for row in rows if row["what"] == "period"}
    return AlertAnalytics(
        first=first,
        last=last,
        unit=unit,
        total=_total(rows),
        periods=[_counted(by_start.get(start, {}), PeriodAlerts, start=start) for start in starts(first, last, unit)],
        kinds=[_counted(row, KindAlerts, kind=row["type"]) for row in rows if row["what"] == "kind"],
        chains=[
            _counted(row, ChainAlerts, chain_id=row["chain_id"], chain=_place(row["chain_id"]))
            for row in rows
            if row["what"] == "chain"
        ],
        top_rules=[
            _counted(row, RuleAlerts, rule_id=row["rule_id"], name=row["name"], kind=row["type"])
            for row in rows
            if row["what"] == "rule"
        ],
        deliveries=_figures({name: sum(row[name] for row in channels) for name in ("sent", "dead", "waiting")}),
        channels=[ChannelDeliveries(channel=row["channel"], **_figures(row).model_dump()) for row in channels],
        latency=await _latency(session, user, _midnight(first), _midnight(past)),
        as_of=now,
    )


async def roll_up(database: Database) -> int:
    """Count the days that are over, one transaction each (role premium_worker); return how many were counted.

    Yesterday and today stay to be read live; the week before that is counted again, since reorganisations and
    deliveries may still change it.
    """
    past = utc_now().date() - timedelta(days=1)
    async with database.unit_of_work() as session:
        until = await repository.rolled_until(session)
        oldest = await repository.oldest_moment(session) if until is None else None
    if until is None and oldest is None:
        return 0
    first = until - timedelta(days=COUNTED_AGAIN_DAYS) if until else (oldest or utc_now()).astimezone(UTC).date()
    days = range(first.toordinal(), past.toordinal())
    for ordinal in days:
        async with database.unit_of_work() as session:
            await repository.roll_up_day(session, date.fromordinal(ordinal))
    return len(days)


def starts(first: date, last: date, unit: Unit) -> list[date]:
    """Return the first day of every day, week (from Monday) or month that the span touches, oldest first."""
    if unit == "day":
        return [first + timedelta(days=each) for each in range((last - first).days + 1)]
    if unit == "week":
        monday = first - timedelta(days=first.weekday())
        return [monday + timedelta(days=each) for each in range(0, (last - monday).days + 1, 7)]
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


async def _hours(session: AsyncSession, user: CurrentUser, now: datetime) -> list[HourAlerts]:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=ago) for ago in range(23, -1, -1)]
    found = {row["start"]: row for row in await repository.alerts_by_hour(session, user.id, hours[0])}
    return [_counted(found.get(hour, {}), HourAlerts, start=hour) for hour in hours]


async def _latency(session: AsyncSession, user: CurrentUser, since: datetime, until: datetime) -> Latency:
    found = await repository.latencies(session, user.id, since, until)
    return Latency(**{name: _quantiles(row["parts"], row["sample"]) for name, row in found.items()})


def _quantiles(parts: Sequence[float] | None, sample: int) -> Quantiles:
    if not parts or not sample:
        return Quantiles()
    return Quantiles(p50_ms=round(parts[0], 1), p95_ms=round(parts[1], 1), sample=sample)


def _counted(row: Mapping[str, Any], model: type[_Counted] = CountedAlerts, /, **values: Any) -> _Counted:  # type: ignore[assignment]
    alerts_, suppressed, withdrawn = (row.get(name, 0) for name in ("alerts", "suppressed", "withdrawn"))
    told = alerts_ - suppressed - withdrawn
    return model(alerts=alerts_, told=told, suppressed=suppressed, withdrawn=withdrawn, **values)


def _total(rows: Sequence[Mapping[str, Any]]) -> CountedAlerts:
    return _counted(next((row for row in rows if row["what"] == "total"), {}))


def _figures(row: Mapping[str, Any]) -> DeliveryFigures:
    ended = row["sent"] + row["dead"]
    rate = round(100 * row["sent"] / ended, 2) if ended else None
    return DeliveryFigures(sent=row["sent"], dead=row["dead"], waiting=row["waiting"], rate_pct=rate)


def _place(chain_id: int) -> str:
    return chain_name(chain_id) if chain_id else "No chain"


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
