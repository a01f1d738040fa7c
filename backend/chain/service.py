"""What pages and other domains may ask of the chain layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain import repository
from backend.chain.events import NATIVE_TOKEN, BlockOrphaned, TokenTransfer, decode_entry
from backend.chain.pools import Pool
from backend.chain.registry import chain_name, find_chain
from backend.chain.repository import dropped_or_not, orphaned_since
from backend.core.clock import utc_now
from backend.core.errors import UnavailableError
from backend.core.redis import events_stream

__all__ = [
    "BlockFee",
    "ChainFreshness",
    "KnownToken",
    "chain_freshness",
    "dropped_or_not",
    "known_tokens",
    "orphaned_since",
    "recent_base_fees",
    "recent_transfers",
    "verified_pools",
]
_TAIL_PAGE = 50
_TAIL_PAGES = 20


@dataclass(frozen=True, slots=True)
class ChainFreshness:
    """How fresh what we know of a chain is. `is_behind`: older than ten blocks' time (at least 30 s)."""

    chain_id: int
    name: str
    is_demo: bool
    block_number: int
    block_hash: str
    taken_at: datetime
    lag_seconds: float
    is_behind: bool


@dataclass(frozen=True, slots=True)
class BlockFee:
    """A block's base fee in wei (None on chains without EIP-1559) and how full it was (0 to 1, None unknown)."""

    block_number: int
    taken_at: datetime
    base_fee_wei: int | None
    fullness: float | None


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token for choosing: `is_priced` ones are in a pool we trust; others may borrow a famous symbol."""

    chain_id: int
    address: str
    symbol: str
    name: str | None
    decimals: int | None
    is_priced: bool
    is_native: bool = False


async def chain_freshness(session: AsyncSession) -> list[ChainFreshness]:
    """Return every followed chain with its newest block and that block's age in seconds."""
    now = utc_now()
    found = []
    for row in await repository.freshness(session):
        chain = find_chain(row.chain_id)
        lag_seconds = max(0.0, (now - row.taken_at).total_seconds())
        limit_seconds = max(30.0, 10 * (chain.expected_block_seconds if chain else 12.0))
        found.append(
            ChainFreshness(
                chain_id=row.chain_id,
                name=chain_name(row.chain_id),
                is_demo=bool(chain and chain.is_demo),
                block_number=row.block_number,
                block_hash=row.block_hash,
                taken_at=row.taken_at,
                lag_seconds=lag_seconds,
                is_behind=lag_seconds > limit_seconds,
            )
        )
    return found


async def recent_base_fees(session: AsyncSession, chain_id: int, blocks: int = 100) -> list[BlockFee]:
    """Return the newest blocks' base fees, oldest first."""
    rows = await repository.base_fees(session, chain_id, blocks)
    return [
        BlockFee(
            block_number=row.block_number,
            taken_at=row.taken_at,
            base_fee_wei=None if row.base_fee_wei is None else int(row.base_fee_wei),
            fullness=row.gas_used / row.gas_limit if row.gas_used is not None and row.gas_limit else None,
        )
        for row in reversed(rows)
    ]


async def known_tokens(session: AsyncSession, chain_ids: list[int]) -> list[KnownToken]:
    """Return each chain's own currency (address NATIVE_TOKEN) and its known tokens, the priced ones first."""
    tokens = []
    for chain_id in chain_ids:
        chain = find_chain(chain_id)
        if chain is not None:
            own = chain.currency
            tokens.append(
                KnownToken(chain_id, NATIVE_TOKEN, own.symbol, own.name, own.decimals, is_priced=True, is_native=True)
            )
    rows = [KnownToken(**row) for row in await repository.tokens_of_chains(session, chain_ids)]
    return tokens + sorted(rows, key=lambda token: not token.is_priced)


async def verified_pools(session: AsyncSession, chain_id: int, tokens: Sequence[str]) -> list[Pool]:
    """Return the pools between these tokens that a trusted factory vouches for (it is not named: `factory` is None)."""
    rows = await repository.verified_pools(session, chain_id, tokens)
    return [Pool(**row, factory=None) for row in rows]


async def recent_transfers(
    redis: Redis, chain_id: int, min_value_usd: Decimal = Decimal(0), limit: int = 20
) -> list[TokenTransfer]:
    """Return the newest transfers worth at least `min_value_usd`, newest first, from the tail of the stream.

    Transfers of blocks that were orphaned since are left out. Looks back at most a thousand blocks with
    events. Raises UnavailableError when Redis does not answer.
    """
    found: list[TokenTransfer] = []
    orphaned: set[str] = set()
    before = "+"
    for _ in range(_TAIL_PAGES):
        try:
            page = await redis.xrevrange(events_stream(chain_id), max=before, count=_TAIL_PAGE)
        except RedisError as error:
            raise UnavailableError("Recent transfers cannot be read right now.") from error
        for _, entry in page:
            events, _ = decode_entry(entry)
            orphaned |= {event.block_hash for event in events if isinstance(event, BlockOrphaned)}
            found += [
                event
                for event in reversed(events)
                if isinstance(event, TokenTransfer)
                and event.block_hash not in orphaned
                and event.value_usd is not None
                and event.value_usd >= min_value_usd
            ]
            if len(found) >= limit:
                return found[:limit]
        if len(page) < _TAIL_PAGE:
            break
        before = f"({page[-1][0].decode()}"
    return found
