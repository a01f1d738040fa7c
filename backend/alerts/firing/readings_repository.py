"""The alert worker's SQL on stored readings: what watched rules know after a start, and what went back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.conditions import PRICE_METRIC
from backend.alerts.engine.histories import MOST_KEPT, SeriesKey
from backend.chain.events import Reading, from_json_fields
from backend.core.clock import from_unix
from backend.market.metrics import TVL

# The newest readings of each series, each in one row for every window that is asked for (or in one), with what was read
# a window before: what the follower reads when it emits the block (`market.repository`, `market.readings_repository`).
_NEWEST_PRICES = text("""
select w.n, extract(epoch from r.taken_at)::float8 as taken_at, r.block_number, r.block_hash, r.price_usd as value,
  s.seconds, b.price_usd as base, null::jsonb as state, null::jsonb as base_state
from unnest(cast(:chains as bigint[]), cast(:subjects as text[]), cast(:windows as text[])) with ordinality
  as w(chain_id, subject, windows, n)
cross join lateral (
  select taken_at, block_number, block_hash, price_usd from price_readings p
  where p.chain_id = w.chain_id and p.token = w.subject and p.taken_at <= cast(:until as timestamptz)
  order by taken_at desc, block_number desc limit :most) r
left join lateral unnest(cast(string_to_array(w.windows, ',') as int[])) as s(seconds) on true
left join lateral (
  select price_usd from price_readings p
  where p.chain_id = w.chain_id and p.token = w.subject and p.block_number < r.block_number
    and p.taken_at <= r.taken_at - make_interval(secs => s.seconds)
  order by p.taken_at desc, p.block_number desc limit 1) b on s.seconds is not null
order by w.n, r.taken_at, r.block_number
""")
_NEWEST_METRICS = text("""
select w.n, extract(epoch from r.taken_at)::float8 as taken_at, r.block_number, r.block_hash, r.value,
  s.seconds, b.value as base, case when w.metric = :tvl then r.state end as state, b.state as base_state
from unnest(cast(:metrics as text[]), cast(:chains as bigint[]), cast(:subjects as text[]), cast(:windows as text[]))
  with ordinality as w(metric, chain_id, subject, windows, n)
cross join lateral (
  select taken_at, block_number, block_hash, value, state from metric_readings m
  where m.chain_id = w.chain_id and m.metric = w.metric and m.subject = w.subject
    and m.taken_at <= cast(:until as timestamptz)
  order by taken_at desc, block_number desc limit :most) r
left join lateral unnest(cast(string_to_array(w.windows, ',') as int[])) as s(seconds) on true
left join lateral (
  select value, state from metric_readings m
  where m.chain_id = w.chain_id and m.metric = w.metric and m.subject = w.subject and m.block_number < r.block_number
    and m.taken_at <= r.taken_at - make_interval(secs => s.seconds)
  order by m.taken_at desc, m.block_number desc limit 1) b on s.seconds is not null
order by w.n, r.taken_at, r.block_number
""")
# What belongs to no chain, in the order of its stream, up to one event of it.
_NEWEST_OF_PLATFORM = text("""
select w.n, r.emitted_at, r.emit_seq, r.place, r.event
from unnest(cast(:metrics as text[]), cast(:subjects as text[])) with ordinality as w(metric, subject, n)
left join platform_events e on e.id = :before and e.emitted_at is not null
cross join lateral (
  select emitted_at, emit_seq, place, event from platform_events p
  where p.event->>'kind' = 'reading' and p.event->>'metric' = w.metric and p.event->>'subject' = w.subject
    and p.emitted_at is not null
    and (e.id is null or (p.emitted_at, p.emit_seq, p.place) < (e.emitted_at, e.emit_seq, e.place))
  order by emitted_at desc, emit_seq desc, place desc limit :most) r
""")
_WENT_BACK = text("""
select extract(epoch from case when w.metric = :price then (
  select max(taken_at) from price_readings p
  where p.chain_id = w.chain_id and p.token = w.subject and p.taken_at > w.after and p.taken_at < w.before
    and case when w.down then p.price_usd <= w.value else p.price_usd >= w.value end)
else (
  select max(taken_at) from metric_readings m
  where m.chain_id = w.chain_id and m.metric = w.metric and m.subject = w.subject
    and m.taken_at > w.after and m.taken_at < w.before
    and case when w.down then m.value <= w.value else m.value >= w.value end)
end)::float8
from unnest(cast(:metrics as text[]), cast(:chains as bigint[]), cast(:subjects as text[]), cast(:downs as boolean[]),
  cast(:values as numeric[]), cast(:afters as timestamptz[]), cast(:befores as timestamptz[])) with ordinality
  as w(metric, chain_id, subject, down, value, after, before, n)
order by w.n
""")


class Wanted(NamedTuple):
    """A series, and the windows (seconds) over which its changes are asked for."""

    key: SeriesKey
    windows: Sequence[int] = ()


class StoredReading(NamedTuple):
    """A reading as it is stored; `taken_at` in Unix seconds; `base` is what was read `seconds` before."""

    key: SeriesKey
    taken_at: float
    block_number: int
    block_hash: str
    value: Decimal
    seconds: int | None
    base: Decimal | None
    state: dict[str, Any] | None
    base_state: dict[str, Any] | None


class PlatformReading(NamedTuple):
    """A reading that belongs to no chain; `order` is its place among all of them."""

    key: SeriesKey
    order: tuple[datetime, int, int]
    event: Reading


@dataclass(frozen=True, slots=True)
class WentBack:
    """Whether a series went back (`down` to, or up to) a value after one moment and before another."""

    metric: str
    chain_id: int
    subject: str
    down: bool
    value: Decimal
    after: datetime
    before: datetime


async def newest_readings(
    session: AsyncSession, series: Sequence[Wanted], until: float | None = None
) -> list[StoredReading]:
    """Return the newest stored readings of each series, oldest first, in a row for each window; up to a Unix time."""
    found: list[StoredReading] = []
    for is_price, statement in ((True, _NEWEST_PRICES), (False, _NEWEST_METRICS)):
        wanted = [each for each in series if (each.key[0] == PRICE_METRIC) == is_price]
        if not wanted:
            continue
        values: dict[str, Any] = {
            "chains": [each.key[1] for each in wanted],
            "subjects": [each.key[2] for each in wanted],
            "windows": [",".join(map(str, each.windows)) for each in wanted],
            "until": "infinity" if until is None else from_unix(until).isoformat(),
            "most": MOST_KEPT,
        }
        if not is_price:
            values |= {"metrics": [each.key[0] for each in wanted], "tvl": TVL}
        for row in await session.execute(statement, values):
            found.append(StoredReading(wanted[row.n - 1].key, *row[1:]))
    return found


async def newest_of_platform(
    session: AsyncSession, keys: Sequence[SeriesKey], before: str | None = None
) -> list[PlatformReading]:
    """Return the newest emitted readings of series that belong to no chain; those before an event, given by its id."""
    values = {
        "metrics": [key[0] for key in keys],
        "subjects": [key[2] for key in keys],
        "before": before or "",
        "most": MOST_KEPT,
    }
    return [
        PlatformReading(
            keys[row.n - 1], (row.emitted_at, row.emit_seq, row.place), cast("Reading", from_json_fields(row.event))
        )
        for row in await session.execute(_NEWEST_OF_PLATFORM, values)
    ]


async def went_back(session: AsyncSession, asked: Sequence[WentBack]) -> list[float | None]:
    """Return, for each, the Unix time of the newest reading that had gone back so far; None when none had."""
    values = {
        "price": PRICE_METRIC,
        "metrics": [each.metric for each in asked],
        "chains": [each.chain_id for each in asked],
        "subjects": [each.subject for each in asked],
        "downs": [each.down for each in asked],
        "values": [each.value for each in asked],
        "afters": [each.after for each in asked],
        "befores": [each.before for each in asked],
    }
    return list((await session.execute(_WENT_BACK, values)).scalars())
