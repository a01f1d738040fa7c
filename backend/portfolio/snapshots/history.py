"""Series for charts, pure: rows of the store put on an even grid, so that what is missing is seen to be missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Literal

from backend.portfolio.snapshots.records import DAY, EXACT, HOUR, WEEK, day_of, week_of
from backend.portfolio.snapshots.store import Row

Range = Literal["1h", "24h", "7d", "30d", "90d", "1y", "all"]
Step = Literal["hour", "day", "week"]
STEPS: dict[Step, timedelta] = {"hour": HOUR, "day": DAY, "week": WEEK}
RANGES: dict[Range, tuple[timedelta | None, Step]] = {
    "1h": (HOUR, "hour"),
    "24h": (DAY, "hour"),
    "7d": (7 * DAY, "hour"),
    "30d": (30 * DAY, "hour"),
    "90d": (90 * DAY, "day"),
    "1y": (365 * DAY, "day"),
    "all": (None, "day"),
}
LONGEST_BY_DAY = 400 * DAY
SHARE_QUANTUM = Decimal("0.0001")
_ALL = Decimal(1)
_MEAN = Context(prec=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a portfolio was worth in one step of a series; every figure is None where nothing is known of the step.

    `value_usd` is the last value of the step, taken at `taken_at`; first, least, most and mean are of the step's
    complete snapshots (of all, when none is complete). `complete_share` says how many of its snapshots were complete.
    """

    starts_at: datetime
    taken_at: datetime | None = None
    value_usd: Decimal | None = None
    first_usd: Decimal | None = None
    min_usd: Decimal | None = None
    max_usd: Decimal | None = None
    mean_usd: Decimal | None = None
    net_flow_usd: Decimal | None = None
    samples: int = 0
    complete_share: Decimal | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every snapshot of the step was complete; False for a gap."""
        return self.complete_share == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Several snapshots, or roll-ups of them, as one: the same figures as a row of `portfolio_rollups`."""

    starts_at: datetime
    samples: int
    complete: int
    counted: int
    first_at: datetime
    first_value_usd: Decimal
    last_at: datetime
    last_value_usd: Decimal
    min_value_usd: Decimal
    max_value_usd: Decimal
    sum_value_usd: Decimal
    net_flow_usd: Decimal | None


def span_of(name: Range, now: datetime, tracked_since: datetime | None) -> tuple[datetime, Step]:
    """Return when a range begins and its step; `all` begins with the first there is, by week when that is long ago."""
    length, step = RANGES[name]
    if length is not None:
        return now - length, step
    since = tracked_since or now
    return since, "day" if now - since <= LONGEST_BY_DAY else "week"


def of_hour(row: Row) -> Folded:
    """Return one hour's row as a fold of itself."""
    value, at = row["total_value_usd"], row["taken_at"]
    return Folded(
        starts_at=row["hour"],
        samples=1,
        complete=int(row["is_complete"]),
        counted=1,
        first_at=at,
        first_value_usd=value,
        last_at=at,
        last_value_usd=value,
        min_value_usd=value,
        max_value_usd=value,
        sum_value_usd=value,
        net_flow_usd=row["net_flow_usd"],
    )


def of_rollup(row: Row) -> Folded:
    """Return a row of `portfolio_rollups`."""
    return Folded(**{name: row[name] for name in Folded.__dataclass_fields__})


def fold(parts: Sequence[Folded], starts_at: datetime) -> Folded:
    """Return parts (at least one, in order of time) as one, beginning at `starts_at`, as the SQL of the store does.

    Parts with a complete snapshot count; when there is none, all do. Flows are unknown when one of them is.
    """
    counted = [part for part in parts if part.complete] or list(parts)
    flows = [part.net_flow_usd for part in parts if part.net_flow_usd is not None]
    with localcontext(EXACT):
        return Folded(
            starts_at=starts_at,
            samples=sum(part.samples for part in parts),
            complete=sum(part.complete for part in parts),
            counted=sum(part.counted for part in counted),
            first_at=counted[0].first_at,
            first_value_usd=counted[0].first_value_usd,
            last_at=counted[-1].last_at,
            last_value_usd=counted[-1].last_value_usd,
            min_value_usd=min(part.min_value_usd for part in counted),
            max_value_usd=max(part.max_value_usd for part in counted),
            sum_value_usd=sum((part.sum_value_usd for part in counted), Decimal(0)),
            net_flow_usd=sum(flows, Decimal(0)) if len(flows) == len(parts) else None,
        )


def fold_by(parts: Iterable[Folded], step: Step) -> list[Folded]:
    """Return parts (in order of time) folded into days or weeks."""
    begins = week_of if step == "week" else day_of
    groups: dict[datetime, list[Folded]] = {}
    for part in parts:
        groups.setdefault(begins(part.starts_at), []).append(part)
    return [fold(group, starts_at) for starts_at, group in groups.items()]


def on_grid(parts: Iterable[Folded], step: Step, first: datetime, last: datetime) -> list[Point]:
    """Return a point for every step from `first` to `last` (both beginnings of steps); nothing is filled in."""
    known = {part.starts_at: part for part in parts}
    length, points, at = STEPS[step], [], first
    while at <= last:
        points.append(point_of(known[at]) if at in known else Point(starts_at=at))
        at += length
    return points


def point_of(part: Folded) -> Point:
    """Return a fold as a point of a series."""
    if part.counted == part.complete == part.samples == 1:
        mean, share = part.sum_value_usd, _ALL
    else:
        mean = _MEAN.divide(part.sum_value_usd, Decimal(part.counted)).normalize(_MEAN)
        share = (Decimal(part.complete) / part.samples).quantize(SHARE_QUANTUM)
    return Point(
        starts_at=part.starts_at,
        taken_at=part.last_at,
        value_usd=part.last_value_usd,
        first_usd=part.first_value_usd,
        min_usd=part.min_value_usd,
        max_usd=part.max_value_usd,
        mean_usd=mean,
        net_flow_usd=part.net_flow_usd,
        samples=part.samples,
        complete_share=share,
    )
