"""SQL of price readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One price reading as stored."""

    token: str
    taken_at: datetime
    block_number: int
    price_usd: Decimal
    liquidity_usd: Decimal | None
    source: str


async def ensure_partition(session: AsyncSession, taken_at: datetime) -> None:
    """Make the month's partition of price readings if it is not there."""
    await session.execute(text("select ensure_month_partition('price_readings', :at)"), {"at": taken_at})


async def insert_readings(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Insert readings; a reading that exists (the block became canonical again) is left as it is."""
    if not rows:
        return
    await session.execute(
        text(
            """
            insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd, liquidity_usd,
              source)
            values (:chain_id, :token, :taken_at, :block_hash, :block_number, :price_usd, :liquidity_usd, :source)
            on conflict do nothing
            """
        ),
        list(rows),
    )


async def block_readings(
    session: AsyncSession, chain_id: int, block_hash: str, taken_at: datetime, windows: Sequence[int]
) -> list[dict[str, Any]]:
    """Return a block's readings, each with the one before it and the prices a window before both.

    `base_now` and `base_before` are lists in the order of `windows` (seconds); None where no reading is that old.
    """
    result = await session.execute(
        text(
            """
            select r.token, r.price_usd, r.liquidity_usd, r.source, p.price_usd as previous_price_usd,
              array(select (select b.price_usd from price_readings b
                  where b.chain_id = r.chain_id and b.token = r.token and b.block_number < r.block_number
                    and b.taken_at <= r.taken_at - make_interval(secs => w.seconds)
                  order by b.taken_at desc, b.block_number desc limit 1)
                from unnest(cast(:windows as int[])) with ordinality as w(seconds, place) order by w.place) as base_now,
              array(select (select b.price_usd from price_readings b
                  where b.chain_id = r.chain_id and b.token = r.token and b.block_number < r.block_number
                    and b.taken_at <= p.taken_at - make_interval(secs => w.seconds)
                  order by b.taken_at desc, b.block_number desc limit 1)
                from unnest(cast(:windows as int[])) with ordinality as w(seconds, place) order by w.place)
                as base_before
            from price_readings r
            left join lateral (select b.price_usd, b.taken_at from price_readings b
                where b.chain_id = r.chain_id and b.token = r.token and b.block_number < r.block_number
                  and b.taken_at <= r.taken_at
                order by b.taken_at desc, b.block_number desc limit 1) p on true
            where r.chain_id = :chain_id and r.block_hash = :block_hash and r.taken_at = :taken_at
            order by r.token
            """
        ),
        {"chain_id": chain_id, "block_hash": block_hash, "taken_at": taken_at, "windows": list(windows)},
    )
    return [dict(row) for row in result.mappings()]


async def latest_readings(
    session: AsyncSession, chain_id: int, block_number: int, since: datetime, until: datetime
) -> list[ReadingRow]:
    """Return each token's newest reading up to a block, none older than `since`."""
    result = await session.execute(
        text(
            """
            select distinct on (token) token, taken_at, block_number, price_usd, liquidity_usd, source
            from price_readings
            where chain_id = :chain_id and block_number <= :block_number and taken_at between :since and :until
            order by token, taken_at desc, block_number desc
            """
        ),
        {"chain_id": chain_id, "block_number": block_number, "since": since, "until": until},
    )
    return [ReadingRow(**row) for row in result.mappings()]


async def newest_taken_at(session: AsyncSession, chain_id: int) -> datetime | None:
    """Return the time of a chain's newest reading, None when there is none."""
    result = await session.execute(
        text("select max(taken_at) from price_readings where chain_id = :chain_id"), {"chain_id": chain_id}
    )
    return result.scalar_one()


async def prices_before(
    session: AsyncSession, chain_id: int, tokens: Sequence[str], until: datetime, since: datetime
) -> dict[str, Decimal]:
    """Return each token's newest price between `since` and `until`."""
    result = await session.execute(
        text(
            """
            select t.token, p.price_usd from unnest(cast(:tokens as text[])) as t(token)
            cross join lateral (select price_usd from price_readings
                where chain_id = :chain_id and token = t.token and taken_at between :since and :until
                order by taken_at desc, block_number desc limit 1) p
            """
        ),
        {"chain_id": chain_id, "tokens": list(tokens), "since": since, "until": until},
    )
    return {row.token: row.price_usd for row in result}


async def series(
    session: AsyncSession, chain_id: int, token: str, since: datetime, bucket_seconds: float
) -> list[tuple[datetime, Decimal]]:
    """Return the last reading of each bucket of time since `since`, oldest first."""
    result = await session.execute(
        text(
            """
            select distinct on (bucket) taken_at, price_usd from (
              select taken_at, price_usd, block_number,
                floor(extract(epoch from taken_at - cast(:since as timestamptz)) / :bucket_seconds) as bucket
              from price_readings where chain_id = :chain_id and token = :token and taken_at >= :since) readings
            order by bucket, taken_at desc, block_number desc
            """
        ),
        {"chain_id": chain_id, "token": token, "since": since, "bucket_seconds": bucket_seconds},
    )
    return [(taken_at, price) for taken_at, price in result.tuples()]


async def delete_of_blocks(session: AsyncSession, chain_id: int, block_hashes: Sequence[str]) -> None:
    """Withdraw the readings of blocks that a reorganisation dropped."""
    await session.execute(
        text("delete from price_readings where chain_id = :chain_id and block_hash = any(cast(:hashes as text[]))"),
        {"chain_id": chain_id, "hashes": list(block_hashes)},
    )


async def drop_months_before(session: AsyncSession, before: datetime) -> int:
    """Drop the monthly partitions that ended before then (at least 30 days ago); return how many."""
    result = await session.execute(text("select drop_price_months_before(:before)"), {"before": before})
    return int(result.scalar_one())
