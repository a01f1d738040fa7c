"""Liquidity that users add by hand: checked on the chain, read every hour, compared with holding."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.chain.registry import chain_name
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.tokens import Token
from backend.core.audit import audit
from backend.core.clock import from_unix
from backend.core.db import Database
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.market.anchors import market_anchors
from backend.portfolio.chains import multicall3_addresses, shared_pools
from backend.portfolio.engine.entered_liquidity import Entry, liquidity_of
from backend.portfolio.liquidity import repository
from backend.portfolio.liquidity.pools import NO_POOL, PoolState, ask_pool, read_pools
from backend.portfolio.liquidity.reading import liquidity_read
from backend.portfolio.liquidity.schemas import LiquidityAdd, LiquidityRead
from backend.portfolio.prices import Key, Price, Prices
from backend.portfolio.wallets.addresses import parse_address

MOST_ADDED = 50  # requirement 3.3
RANGE_MISSING = "A Uniswap V3 position has a price range: enter both ends."
RANGE_TOO_MUCH = "A pool of the Uniswap V2 kind has no price range."


class _Quoting(Protocol):
    async def quotes(self, keys: Sequence[Key]) -> Mapping[Key, Price]: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """A pool that the chain vouches for, with its tokens and their prices as of now."""

    pool: str
    state: PoolState
    tokens: tuple[Token, Token]
    is_known_factory: bool
    quotes: Mapping[Key, Price]


async def check(settings: Settings, prices: _Quoting, wanted: LiquidityAdd) -> Checked:
    """Ask the chain about a pool. Call it outside a transaction.

    Raises InvalidInputError for what is no pool, or does not fit what is said of it; UnavailableError.
    """
    try:
        pool = parse_address(wanted.pool)
    except ValueError as error:
        raise InvalidInputError(str(error), {"pool": str(error)}) from None
    chains = shared_pools(settings)
    if wanted.chain_id not in chains:
        words = f"{chain_name(wanted.chain_id)} is not read by this installation."
        raise InvalidInputError(words, {"chainId": words})
    multicall3 = multicall3_addresses([wanted.chain_id])[wanted.chain_id]
    state, tokens = await ask_pool(chains[wanted.chain_id], pool, multicall3)
    _check_fits(state, wanted)
    anchors = market_anchors(wanted.chain_id, settings.demo_addresses_file)
    known = {factory.address.lower() for factory in anchors.factories} if anchors else set()
    quotes = await prices.quotes([(wanted.chain_id, token.address) for token in tokens])
    return Checked(pool, state, tokens, state.factory in known, quotes)


def _check_fits(state: PoolState, wanted: LiquidityAdd) -> None:
    has_range = wanted.lower_price is not None
    if state.version == "v3" and not has_range:
        raise InvalidInputError(RANGE_MISSING, {"lowerPrice": RANGE_MISSING})
    if state.version == "v2" and has_range:
        raise InvalidInputError(RANGE_TOO_MUCH, {"lowerPrice": RANGE_TOO_MUCH})
    if wanted.amount0 is None and wanted.amount1 is None:
        return
    entry = Entry(wanted.entry_price, wanted.lower_price, wanted.upper_price)
    try:
        liquidity_of(entry, wanted.amount0, wanted.amount1)
    except ValueError as error:
        field = "amount0" if wanted.amount0 is not None else "amount1"
        words = f"{str(error).capitalize()}."
        raise InvalidInputError(words, {field: words}) from None


@requires(Feature.PORTFOLIO)
async def add(session: AsyncSession, user: CurrentUser, wanted: LiquidityAdd, checked: Checked) -> LiquidityRead:
    """Add liquidity in a pool that was checked, and return it. Raises InvalidInputError above MOST_ADDED."""
    await repository.lock(session, user.id)
    if len(await repository.list_all(session)) >= MOST_ADDED:
        words = f"You have added {MOST_ADDED} positions. Remove one first."
        raise InvalidInputError(words, {"pool": words})
    one, other = checked.tokens
    state, block = checked.state, checked.state.block
    row = await repository.insert(
        session,
        {
            "id": new_id(),
            "user_id": user.id,
            "chain_id": wanted.chain_id,
            "pool": checked.pool,
            "version": state.version,
            "is_known_factory": checked.is_known_factory,
            "fee_ppm": state.fee_ppm,
            "token0": one.address,
            "token1": other.address,
            "symbol0": one.symbol,
            "symbol1": other.symbol,
            "decimals0": one.decimals,
            "decimals1": other.decimals,
            "entry_at": wanted.entry_at,
            "entry_price": wanted.entry_price,
            "lower_price": wanted.lower_price,
            "upper_price": wanted.upper_price,
            "amount0": wanted.amount0,
            "amount1": wanted.amount1,
            "label": wanted.label,
            "price_now": state.price(one.decimals or 0, other.decimals or 0),
            **_prices(wanted.chain_id, one.address, other.address, checked.quotes),
            "block_number": block.number,
            "block_hash": block.hash,
            "read_at": from_unix(block.taken_at),
        },
    )
    await audit(session, user.id, "portfolio_liquidity.added", checked.pool, {"chainId": wanted.chain_id})
    return liquidity_read(row)


@requires(Feature.PORTFOLIO)
async def list_added(session: AsyncSession, user: CurrentUser) -> list[LiquidityRead]:
    """Return the liquidity that the user added, the oldest first, as of the newest reading of each pool."""
    return [liquidity_read(row) for row in await repository.list_all(session)]


@requires(Feature.PORTFOLIO)
async def remove(session: AsyncSession, user: CurrentUser, liquidity_id: UUID) -> None:
    """Remove liquidity that the user added. Raises NotFoundError."""
    if not await repository.delete(session, liquidity_id):
        raise NotFoundError("There is no such position.")
    await audit(session, user.id, "portfolio_liquidity.removed", str(liquidity_id))


async def read_all(settings: Settings, database: Database, prices: Prices) -> int:
    """Read, as the worker, every pool that somebody has added; return how many were read.

    A pool that cannot be read keeps its last reading, with the reason.
    """
    async with database.unit_of_work() as session:
        rows = await repository.pools(session)
    by_chain: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_chain[row.chain_id].append(row)
    chains = shared_pools(settings)
    multicall3 = multicall3_addresses(list(by_chain))
    count = 0
    for chain_id, wanted in by_chain.items():
        addresses = [row.pool for row in wanted]
        if chain_id not in chains:
            await _note_problem(database, chain_id, addresses, f"{chain_name(chain_id)} is not read any more.")
            continue
        try:
            states = await read_pools(chains[chain_id], addresses, multicall3[chain_id])
        except (RpcError, AllProvidersDownError):
            await _note_problem(database, chain_id, addresses, f"{chain_name(chain_id)} did not answer.")
            continue
        quotes = await prices.quotes([(chain_id, token) for row in wanted for token in (row.token0, row.token1)])
        found = [_reading(row, state, quotes) for row in wanted if (state := states[row.pool]) is not None]
        async with database.unit_of_work() as session:
            await repository.note_readings(session, found)
        await _note_problem(database, chain_id, [each for each in addresses if states[each] is None], NO_POOL)
        count += len(found)
    return count


async def _note_problem(database: Database, chain_id: int, addresses: Sequence[str], problem: str) -> None:
    if addresses:
        async with database.unit_of_work() as session:
            await repository.note_problem(session, chain_id, addresses, problem)


def _reading(row: Any, state: PoolState, quotes: Mapping[Key, Price]) -> dict[str, Any]:
    return {
        "chain_id": row.chain_id,
        "pool": row.pool,
        "price_now": state.price(row.decimals0, row.decimals1),
        **_prices(row.chain_id, row.token0, row.token1, quotes),
        "block_number": state.block.number,
        "block_hash": state.block.hash,
        "read_at": from_unix(state.block.taken_at).isoformat(),
    }


def _prices(chain_id: int, token0: str, token1: str, quotes: Mapping[Key, Price]) -> dict[str, Decimal | str | None]:
    values: dict[str, Decimal | str | None] = {}
    for place, token in enumerate((token0, token1)):
        quote = quotes.get((chain_id, token))
        values[f"price{place}_usd"] = quote.price_usd if quote else None
        values[f"price{place}_source"] = quote.source[:120] if quote else None
    return values
