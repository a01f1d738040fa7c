"""SQL of the ladder: readings of pools at given moments, and the points of history that are final."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class NewestReading:
    """A token's newest price from pools."""

    token: str
    taken_at: datetime
    price_usd: Decimal
    liquidity_usd: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class PointRow:
    """One stored point: the price for `taken_at`, observed at `observed_at` by `source`."""

    taken_at: datetime
    observed_at: datetime
    price_usd: Decimal
    source: str


async def newest_readings(
    session: AsyncSession, chain_id: int, tokens: Sequence[str], since: datetime, until: datetime
) -> dict[str, NewestReading]:
    """Return each token's newest reading between `since` and `until`, by token."""
    result = await session.execute(
        text(
            """
            select t.token, p.taken_at, p.price_usd, p.liquidity_usd, p.source
            from unnest(cast(:tokens as text[])) as t(token)
            cross join lateral (select taken_at, price_usd, liquidity_usd, source from price_readings
                where chain_id = :chain_id and token = t.token and taken_at between :since and :until
                order by taken_at desc, block_number desc limit 1) p
            """
        ),
        {"chain_id": chain_id, "tokens": list(tokens), "since": since, "until": until},
    )
    return {row["token"]: NewestReading(**row) for row in result.mappings()}


async def readings_at(
    session: AsyncSession, chain_id: int, token: str, ats: Sequence[datetime], width_seconds: int
) -> list[PointRow]:
    """Return the last reading at or before each moment, none further before it than the width, oldest first."""
    result = await session.execute(
        text(
            """
            select w.at as taken_at, p.taken_at as observed_at, p.price_usd, p.source
            from unnest(cast(:ats as timestamptz[])) as w(at)
            cross join lateral (select taken_at, price_usd, source from price_readings
                where chain_id = :chain_id and token = :token and taken_at <= w.at
                  and taken_at > w.at - make_interval(secs => :width)
                order by taken_at desc, block_number desc limit 1) p
            order by w.at
            """
        ),
        {"chain_id": chain_id, "token": token, "ats": list(ats), "width": width_seconds},
    )
    return [PointRow(**row) for row in result.mappings()]


async def points(
    session: AsyncSession, chain_id: int, token: str, step: str, start: datetime, end: datetime
) -> list[PointRow]:
    """Return the stored points from `start` to `end`, oldest first."""
    result = await session.execute(
        text(
            """
            select taken_at, observed_at, price_usd, source from price_points
            where chain_id = :chain_id and token = :token and step = :step and taken_at between :start and :end
            order by taken_at
            """
        ),
        {"chain_id": chain_id, "token": token, "step": step, "start": start, "end": end},
    )
    return [PointRow(**row) for row in result.mappings()]


async def points_at(
    session: AsyncSession, step: str, wanted: Sequence[tuple[int, str, datetime]]
) -> dict[tuple[int, str, datetime], PointRow]:
    """Return the stored points of many assets and instants at once, by (chain, token, instant)."""
    result = await session.execute(
        text(
            """
            select p.chain_id, p.token, p.taken_at, p.observed_at, p.price_usd, p.source
            from unnest(cast(:chains as bigint[]), cast(:tokens as text[]), cast(:ats as timestamptz[]))
              as w(chain_id, token, at)
            join price_points p on p.chain_id = w.chain_id and p.token = w.token and p.step = :step
              and p.taken_at = w.at
            """
        ),
        {
            "chains": [chain_id for chain_id, _, _ in wanted],
            "tokens": [token for _, token, _ in wanted],
            "ats": [at for _, _, at in wanted],
            "step": step,
        },
    )
    return {
        (row["chain_id"], row["token"], row["taken_at"]): PointRow(
            row["taken_at"], row["observed_at"], row["price_usd"], row["source"]
        )
        for row in result.mappings()
    }


async def insert_points(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Store final points; one that is there already stays as it is, so that a report reads the same for ever."""
    if not rows:
        return
    await session.execute(
        text(
            """
            insert into price_points (chain_id, token, step, taken_at, observed_at, price_usd, source)
            values (:chain_id, :token, :step, :taken_at, :observed_at, :price_usd, :source)
            on conflict do nothing
            """
        ),
        list(rows),
    )
