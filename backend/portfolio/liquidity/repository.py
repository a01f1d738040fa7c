"""The SQL of liquidity that users add by hand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:user_id as text), 7042))")
_LIST = text("select * from portfolio_liquidity_positions order by added_at, id")
_INSERT = text("""
insert into portfolio_liquidity_positions (id, user_id, chain_id, pool, version, is_known_factory, fee_ppm, token0,
  token1, symbol0, symbol1, decimals0, decimals1, entry_at, entry_price, lower_price, upper_price, amount0, amount1,
  label, price_now, price0_usd, price0_source, price1_usd, price1_source, block_number, block_hash, read_at)
values (:id, :user_id, :chain_id, :pool, :version, :is_known_factory, :fee_ppm, :token0, :token1, :symbol0, :symbol1,
  :decimals0, :decimals1, :entry_at, :entry_price, :lower_price, :upper_price, :amount0, :amount1, :label, :price_now,
  :price0_usd, :price0_source, :price1_usd, :price1_source, :block_number, :block_hash, :read_at)
returning *
""")
_DELETE = text("delete from portfolio_liquidity_positions where id = :id returning id")
_POOLS = text("""
select distinct chain_id, pool, token0, token1, decimals0, decimals1 from portfolio_liquidity_positions
order by chain_id, pool
""")
_NOTE = text("""
update portfolio_liquidity_positions p set price_now = r.price_now, price0_usd = r.price0_usd,
  price0_source = r.price0_source, price1_usd = r.price1_usd, price1_source = r.price1_source,
  block_number = r.block_number, block_hash = r.block_hash, read_at = r.read_at, problem = null
from jsonb_to_recordset(cast(:rows as jsonb)) as r(chain_id bigint, pool text, price_now numeric, price0_usd numeric,
  price0_source text, price1_usd numeric, price1_source text, block_number bigint, block_hash text,
  read_at timestamptz)
where p.chain_id = r.chain_id and p.pool = r.pool and (p.read_at is null or r.read_at >= p.read_at)
""")
_NOTE_PROBLEM = text("""
update portfolio_liquidity_positions set problem = :problem where chain_id = :chain_id and pool = any(:pools)
""")


async def lock(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else counts or adds liquidity of this user."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def list_all(session: AsyncSession) -> Sequence[Any]:
    """Return what the unit of work's user added, the oldest first."""
    return (await session.execute(_LIST)).all()


async def insert(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Add liquidity and return its row."""
    return (await session.execute(_INSERT, values)).one()


async def delete(session: AsyncSession, liquidity_id: UUID) -> bool:
    """Remove liquidity of the unit of work's user; return whether there was any."""
    return (await session.execute(_DELETE, {"id": liquidity_id})).scalar_one_or_none() is not None


async def pools(session: AsyncSession) -> Sequence[Any]:
    """Return each pool that somebody has added, with its tokens."""
    return (await session.execute(_POOLS)).all()


async def note_readings(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note what pools say now; an older reading changes nothing."""
    if rows:
        await session.execute(_NOTE, {"rows": orjson.dumps(list(rows), default=str).decode()})


async def note_problem(session: AsyncSession, chain_id: int, addresses: Sequence[str], problem: str) -> None:
    """Note why pools could not be read; their last reading stays as it was."""
    await session.execute(_NOTE_PROBLEM, {"chain_id": chain_id, "pools": list(addresses), "problem": problem[:200]})
