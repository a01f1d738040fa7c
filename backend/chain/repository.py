"""SQL of blocks, checkpoints, tokens and pools. Reads for pages are in `views` functions at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a chain was followed."""

    genesis_hash: str
    block_number: int
    block_hash: str
    next_seq: int
    emitted_seq: int


@dataclass(frozen=True, slots=True)
class Emission:
    """A block's place in the stream: its entry at `emit_seq`, or with `is_orphan` the news of its end."""

    seq: int
    block_hash: str
    block_number: int
    taken_at: datetime
    event_count: int
    is_orphan: bool
    is_gone: bool


async def try_lock(connection: AsyncConnection, chain_id: int) -> bool:
    """Take the chain's advisory lock for as long as this connection lives; False when another holds it."""
    result = await connection.execute(
        text("select pg_try_advisory_lock(hashtextextended('premium-follower', :chain_id))"), {"chain_id": chain_id}
    )
    return bool(result.scalar_one())


async def ping(connection: AsyncConnection) -> None:
    """Raise when the connection is gone."""
    await connection.execute(text("select 1"))


async def read_checkpoint(session: AsyncSession, chain_id: int) -> Checkpoint | None:
    """Return the checkpoint of a chain, None when it was never followed."""
    result = await session.execute(
        text(
            "select genesis_hash, block_number, block_hash, next_seq, emitted_seq from chain_checkpoints"
            " where chain_id = :chain_id"
        ),
        {"chain_id": chain_id},
    )
    row = result.mappings().one_or_none()
    return None if row is None else Checkpoint(**row)


async def create_checkpoint(session: AsyncSession, chain_id: int, checkpoint: Checkpoint) -> None:
    """Write the first checkpoint of a chain, or start anew with a checkpoint in its place."""
    await session.execute(
        text(
            """
            insert into chain_checkpoints (chain_id, genesis_hash, block_number, block_hash, next_seq, emitted_seq)
            values (:chain_id, :genesis_hash, :block_number, :block_hash, :next_seq, :emitted_seq)
            on conflict (chain_id) do update set genesis_hash = excluded.genesis_hash, next_seq = excluded.next_seq,
              block_number = excluded.block_number, block_hash = excluded.block_hash, updated_at = now()
            """
        ),
        {
            "chain_id": chain_id,
            "genesis_hash": checkpoint.genesis_hash,
            "block_number": checkpoint.block_number,
            "block_hash": checkpoint.block_hash,
            "next_seq": checkpoint.next_seq,
            "emitted_seq": checkpoint.emitted_seq,
        },
    )


async def move_checkpoint(session: AsyncSession, chain_id: int, before: Checkpoint, after: Checkpoint) -> bool:
    """Move the checkpoint if it is still at `before`; False when another process moved it meanwhile."""
    result = await session.execute(
        text(
            """
            update chain_checkpoints set block_number = :block_number, block_hash = :block_hash, next_seq = :next_seq,
              emitted_seq = greatest(emitted_seq, :emitted_seq), updated_at = now()
            where chain_id = :chain_id and block_hash = :old_hash and next_seq = :old_seq
            """
        ),
        {
            "chain_id": chain_id,
            "block_number": after.block_number,
            "block_hash": after.block_hash,
            "next_seq": after.next_seq,
            "emitted_seq": after.emitted_seq,
            "old_hash": before.block_hash,
            "old_seq": before.next_seq,
        },
    )
    return _rows(result) == 1


async def insert_block(session: AsyncSession, values: dict[str, Any]) -> None:
    """Write a followed block; one that was orphaned and is canonical again gets a new place in the stream."""
    await session.execute(
        text(
            """
            insert into chain_blocks (chain_id, block_hash, block_number, parent_hash, taken_at, base_fee_wei,
              gas_used, gas_limit, event_count, emit_seq)
            values (:chain_id, :block_hash, :block_number, :parent_hash, :taken_at, :base_fee_wei, :gas_used,
              :gas_limit, :event_count, :emit_seq)
            on conflict (chain_id, block_hash) do update set emit_seq = excluded.emit_seq, orphaned_at = null,
              orphan_seq = null, event_count = excluded.event_count, recorded_at = now()
            """
        ),
        values,
    )


async def blocks_back_from(session: AsyncSession, chain_id: int, number: int, limit: int) -> list[tuple[int, str]]:
    """Return (number, hash) of followed blocks that still count, from `number` downwards."""
    result = await session.execute(
        text(
            """
            select block_number, block_hash from chain_blocks
            where chain_id = :chain_id and block_number <= :number and orphaned_at is null
            order by block_number desc limit :limit
            """
        ),
        {"chain_id": chain_id, "number": number, "limit": limit},
    )
    return [(number, block_hash) for number, block_hash in result.tuples()]


async def orphan_above(session: AsyncSession, chain_id: int, number: int, first_seq: int) -> list[str]:
    """Mark every counting block above `number` as orphaned, newest first from `first_seq`; return their hashes."""
    result = await session.execute(
        text(
            """
            with dropped as (
              select block_hash, row_number() over (order by block_number desc) - 1 as place from chain_blocks
              where chain_id = :chain_id and block_number > :number and orphaned_at is null)
            update chain_blocks b set orphaned_at = now(), orphan_seq = :first_seq + d.place
            from dropped d where b.chain_id = :chain_id and b.block_hash = d.block_hash
            returning b.block_hash
            """
        ),
        {"chain_id": chain_id, "number": number, "first_seq": first_seq},
    )
    return list(result.scalars())


async def emissions_after(
    session: AsyncSession, chain_id: int, seq: int, limit: int, since: datetime | None = None
) -> list[Emission]:
    """Return what the stream must hold after `seq`, in order: entries of blocks with events, and orphanings."""
    result = await session.execute(
        text(
            """
            (select emit_seq as seq, block_hash, block_number, taken_at, event_count, false as is_orphan,
                orphaned_at is not null as is_gone
              from chain_blocks where chain_id = :chain_id and emit_seq > :seq and event_count > 0
                and (cast(:since as timestamptz) is null or recorded_at >= :since)
              order by emit_seq limit :limit)
            union all
            (select orphan_seq, block_hash, block_number, taken_at, 1, true, true
              from chain_blocks where chain_id = :chain_id and orphan_seq > :seq
                and (cast(:since as timestamptz) is null or orphaned_at >= :since)
              order by orphan_seq limit :limit)
            order by 1 limit :limit
            """
        ),
        {"chain_id": chain_id, "seq": seq, "limit": limit, "since": since},
    )
    return [Emission(**row) for row in result.mappings()]


async def oldest_seq_since(session: AsyncSession, chain_id: int, since: datetime) -> int | None:
    """Return the lowest place in the stream of a block recorded since then, None when there is none."""
    result = await session.execute(
        text("select min(emit_seq) from chain_blocks where chain_id = :chain_id and recorded_at >= :since"),
        {"chain_id": chain_id, "since": since},
    )
    return result.scalar_one()


async def delete_blocks_before(session: AsyncSession, chain_id: int, before: datetime, keep_from_number: int) -> int:
    """Delete blocks recorded before then and below `keep_from_number`; return how many."""
    result = await session.execute(
        text(
            """
            delete from chain_blocks where chain_id = :chain_id and recorded_at < :before
              and block_number < :keep_from_number
            """
        ),
        {"chain_id": chain_id, "before": before, "keep_from_number": keep_from_number},
    )
    return _rows(result)


async def insert_tokens(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write tokens; what a token said before is replaced."""
    if not rows:
        return
    await session.execute(
        text(
            """
            insert into chain_tokens (chain_id, address, symbol, name, decimals)
            values (:chain_id, :address, :symbol, :name, :decimals)
            on conflict (chain_id, address) do update set symbol = excluded.symbol, name = excluded.name,
              decimals = excluded.decimals, read_at = now()
            """
        ),
        list(rows),
    )


async def read_tokens(session: AsyncSession, chain_id: int, limit: int) -> list[dict[str, Any]]:
    """Return the most recently read tokens of a chain."""
    result = await session.execute(
        text(
            "select address, symbol, name, decimals from chain_tokens where chain_id = :chain_id"
            " order by read_at desc limit :limit"
        ),
        {"chain_id": chain_id, "limit": limit},
    )
    return [dict(row) for row in result.mappings()]


async def insert_pools(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write pools; an earlier verdict on a pool is replaced."""
    if not rows:
        return
    await session.execute(
        text(
            """
            insert into chain_pools (chain_id, address, kind, token0, token1, fee_ppm, verified)
            values (:chain_id, :address, :kind, :token0, :token1, :fee_ppm, :verified)
            on conflict (chain_id, address) do update set kind = excluded.kind, token0 = excluded.token0,
              token1 = excluded.token1, fee_ppm = excluded.fee_ppm, verified = excluded.verified, read_at = now()
            """
        ),
        list(rows),
    )


async def read_pools(session: AsyncSession, chain_id: int) -> list[dict[str, Any]]:
    """Return every pool of a chain."""
    result = await session.execute(
        text("select address, kind, token0, token1, fee_ppm, verified from chain_pools where chain_id = :chain_id"),
        {"chain_id": chain_id},
    )
    return [dict(row) for row in result.mappings()]


async def verified_pools(session: AsyncSession, chain_id: int, tokens: Sequence[str]) -> list[dict[str, Any]]:
    """Return the pools of a chain that a trusted factory vouches for and whose two tokens are among `tokens`."""
    result = await session.execute(
        text(
            "select address, kind, token0, token1, fee_ppm from chain_pools where chain_id = :chain_id and verified"
            " and token0 = any(cast(:tokens as text[])) and token1 = any(cast(:tokens as text[])) order by address"
        ),
        {"chain_id": chain_id, "tokens": list(tokens)},
    )
    return [dict(row) for row in result.mappings()]


async def forget_contracts(session: AsyncSession, chain_id: int) -> None:
    """Forget the tokens and pools of a chain that was thrown away (another genesis block)."""
    for statement in (
        "delete from chain_tokens where chain_id = :chain_id",
        "delete from chain_pools where chain_id = :chain_id",
    ):
        await session.execute(text(statement), {"chain_id": chain_id})


@dataclass(frozen=True, slots=True)
class FreshnessRow:
    """The newest followed block of a chain."""

    chain_id: int
    block_number: int
    block_hash: str
    taken_at: datetime
    updated_at: datetime


async def freshness(session: AsyncSession) -> list[FreshnessRow]:
    """Return the newest followed block of every chain."""
    result = await session.execute(
        text(
            """
            select c.chain_id, c.block_number, c.block_hash, b.taken_at, c.updated_at from chain_checkpoints c
            join chain_blocks b on b.chain_id = c.chain_id and b.block_hash = c.block_hash order by c.chain_id
            """
        )
    )
    return [FreshnessRow(**row) for row in result.mappings()]


@dataclass(frozen=True, slots=True)
class FeeRow:
    """A block's base fee and fullness."""

    block_number: int
    taken_at: datetime
    base_fee_wei: Decimal | None
    gas_used: int | None
    gas_limit: int | None


async def base_fees(session: AsyncSession, chain_id: int, blocks: int) -> list[FeeRow]:
    """Return the newest counting blocks' fees, newest first."""
    result = await session.execute(
        text(
            """
            select block_number, taken_at, base_fee_wei, gas_used, gas_limit from chain_blocks
            where chain_id = :chain_id and orphaned_at is null order by block_number desc limit :blocks
            """
        ),
        {"chain_id": chain_id, "blocks": blocks},
    )
    return [FeeRow(**row) for row in result.mappings()]


async def tokens_of_chains(session: AsyncSession, chain_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the tokens of chains that have a symbol, priced ones (in a verified pool) marked."""
    result = await session.execute(
        text(
            """
            select t.chain_id, t.address, t.symbol, t.name, t.decimals, exists (
                select 1 from chain_pools p where p.chain_id = t.chain_id and p.verified
                  and t.address in (p.token0, p.token1)) as is_priced
            from chain_tokens t where t.chain_id = any(cast(:chain_ids as bigint[])) and t.symbol is not null
            order by t.chain_id, t.symbol, t.address
            """
        ),
        {"chain_ids": list(chain_ids)},
    )
    return [dict(row) for row in result.mappings()]


def _rows(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount


_ORPHANED = text("select chain_id, block_hash, taken_at from chain_blocks where orphaned_at >= :since")
_STANDING = text("""
select b.chain_id, b.block_hash, b.orphaned_at is not null as is_dropped from chain_blocks b
where (b.chain_id, b.block_hash) in (select * from unnest(cast(:chains as bigint[]), cast(:hashes as text[])))
""")


async def orphaned_since(session: AsyncSession, since: datetime) -> list[tuple[int, str, datetime]]:
    """Return (chain, hash, block time) of the blocks that were dropped since then, and are not back."""
    return [(row.chain_id, row.block_hash, row.taken_at) for row in await session.execute(_ORPHANED, {"since": since})]


async def dropped_or_not(session: AsyncSession, blocks: Sequence[tuple[int, str]]) -> dict[tuple[int, str], bool]:
    """Return of blocks (chain, hash) whether they are dropped; those we do not have (any more) are not in it."""
    values = {"chains": [chain_id for chain_id, _ in blocks], "hashes": [block_hash for _, block_hash in blocks]}
    rows = await session.execute(_STANDING, values)
    return {(row.chain_id, row.block_hash): row.is_dropped for row in rows}
