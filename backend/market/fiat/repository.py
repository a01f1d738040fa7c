"""SQL of the euro reference rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class CrossRow:
    """Both rates of one business day, for the day that was asked for."""

    asked_day: date
    day: date
    per_eur: Decimal
    usd_per_eur: Decimal
    source: str


async def newest_day(session: AsyncSession) -> date | None:
    """Return the newest day that has a dollar rate, None when there is none."""
    result = await session.execute(text("select max(day) from fiat_rates where currency = 'USD'"))
    return result.scalar_one()


async def insert_rates(
    session: AsyncSession, rates: Sequence[tuple[str, date, Decimal]], source: str, fetched_at: datetime
) -> int:
    """Store rates by (currency, day, per euro); one that is there already stays as it is. Return how many are new."""
    if not rates:
        return 0
    result = await session.execute(
        text(
            """
            insert into fiat_rates (currency, day, per_eur, source, fetched_at)
            select currency, day, per_eur, :source, :fetched_at
            from unnest(cast(:currencies as text[]), cast(:days as date[]), cast(:rates as numeric[]))
              as r(currency, day, per_eur)
            on conflict do nothing
            """
        ),
        {
            "currencies": [currency for currency, _, _ in rates],
            "days": [day for _, day, _ in rates],
            "rates": [rate for _, _, rate in rates],
            "source": source,
            "fetched_at": fetched_at,
        },
    )
    counted: Any = result
    return int(counted.rowcount)


async def cross_rates(
    session: AsyncSession, currency: str, days: Sequence[date], most_days_back: int
) -> list[CrossRow]:
    """Return for each day the rates of the last business day on or before it, if that is near enough.

    The euro against itself is 1. Both rates are of the same day.
    """
    result = await session.execute(
        text(
            """
            select w.day as asked_day, r.day, r.per_eur, r.usd_per_eur, r.source
            from unnest(cast(:days as date[])) as w(day)
            cross join lateral (
              select u.day, case when :currency = 'EUR' then 1 else c.per_eur end as per_eur,
                u.per_eur as usd_per_eur, u.source
              from fiat_rates u
              left join fiat_rates c on c.currency = :currency and c.day = u.day
              where u.currency = 'USD' and u.day <= w.day and u.day > w.day - cast(:most as int)
                and (:currency = 'EUR' or c.per_eur is not null)
              order by u.day desc limit 1) r
            order by w.day
            """
        ),
        {"days": list(days), "currency": currency, "most": most_days_back},
    )
    return [CrossRow(**row) for row in result.mappings()]
