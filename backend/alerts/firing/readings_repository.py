"""The alert worker's SQL on stored readings: what watched rules know after a start, and what went back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.conditions import PRICE_METRIC
from backend.alerts.engine.histories import MOST_KEPT, SeriesKey

# The newest readings of each series.
_NEWEST_PRICES = text("""
select w.n, extract(epoch from r.taken_at)::float8 as taken_at, r.block_number, r.block_hash, r.price_usd as value
from unnest(cast(:chains as bigint[]), cast(:subjects as text[])) with ordinality as w(chain_id, subject, n)
cross join lateral (
  select taken_at, block_number, block_hash, price_usd from price_readings p
  where p.chain_id = w.chain_id and p.token = w.subject
  order by taken_at desc limit :most) r
order by w.n, r.taken_at
""")
_NEWEST_METRICS = text("""
select w.n, extract(epoch from r.taken_at)::float8 as taken_at, r.block_number, r.block_hash, r.value
from unnest(cast(:metrics as text[]), cast(:chains as bigint[]), cast(:subjects as text[])) with ordinality
  as w(metric, chain_id, subject, n)
cross join lateral (
  select taken_at, block_number, block_hash, value from metric_readings m
  where m.chain_id = w.chain_id and m.metric = w.metric and m.subject = w.subject
  order by taken_at desc limit :most) r
order by w.n, r.taken_at
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


class StoredReading(NamedTuple):
    """A reading as it is stored; `taken_at` in Unix seconds."""

    key: SeriesKey
    taken_at: float
    block_number: int
    block_hash: str
    value: Decimal


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


async def newest_readings(session: AsyncSession, keys: Sequence[SeriesKey]) -> list[StoredReading]:
    """Return the newest stored readings of each series, oldest first."""
    found: list[StoredReading] = []
    for is_price, statement in ((True, _NEWEST_PRICES), (False, _NEWEST_METRICS)):
        wanted = [key for key in keys if (key[0] == PRICE_METRIC) == is_price]
        if not wanted:
            continue
        values = {"chains": [key[1] for key in wanted], "subjects": [key[2] for key in wanted], "most": MOST_KEPT}
        if not is_price:
            values["metrics"] = [key[0] for key in wanted]
        for row in await session.execute(statement, values):
            key = wanted[row.n - 1]
            found.append(StoredReading(key, row.taken_at, row.block_number, row.block_hash, row.value))
    return found


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
