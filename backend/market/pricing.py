"""The follower's price book: reads pools from the chain, believes trusted ones, makes each block's readings.

Everything emitted is a function of the stored readings: a block's price updates are read back by one SQL statement,
the same when the block is followed and when it is emitted again after a crash.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.blocks import Header
from backend.chain.decode import V2, PoolChange
from backend.chain.events import CHANGE_WINDOWS_SECONDS, NATIVE_TOKEN, PriceUpdate
from backend.chain.follow.ports import ChainReader, Valuation
from backend.chain.pools import Pool, PoolReading, find_pools, read_pools, read_states
from backend.chain.rpc.errors import RpcMissingError, RpcResponseError
from backend.core.clock import from_unix, now_seconds
from backend.core.logging import get_logger
from backend.core.money import engine_decimal
from backend.market import repository
from backend.market.anchors import MarketAnchors
from backend.market.engine.book import Price, PriceBook, describe_source
from backend.market.engine.pools import WIDE, ConcentratedState, PairState, PoolSpec, PoolState

HEARTBEAT_SECONDS = 60
STALE_SECONDS = 600
RECENT_SECONDS = 60
log = get_logger(__name__)


class ChainPricing:
    """Prices of one chain, block by block. Implements `backend.chain.follow.ports.Pricing`."""

    def __init__(self, chain: ChainReader, anchors: MarketAnchors) -> None:
        self._chain = chain
        self._anchors = anchors
        self._book = PriceBook(anchors.anchors)
        self._prices: dict[str, Price] = {}
        self._last: dict[str, tuple[int, Decimal]] = {}
        self._valuations: dict[str, tuple[int, Valuation]] = {}
        self._pending: list[tuple[Price, str]] = []
        self._searched = False
        self._incomplete: dict[str, Pool] = {}
        self._just_read: frozenset[str] = frozenset()

    async def start(self, session: AsyncSession, at: Header) -> None:
        """Build the book as of a block: from the stored pools, those found in the factories, and their states then."""
        self._book = PriceBook(self._anchors.anchors)
        self._prices, self._pending, self._incomplete = {}, [], {}
        pools = await self._chain.stored_pools(session)
        if not self._searched:
            pools |= await self._search(set(pools))
            self._searched = True
        await self._add([pool for pool in pools.values() if pool.factory is not None], at.number)
        rows = await repository.latest_readings(
            session, self._chain.chain_id, at.number, _before(at, STALE_SECONDS), from_unix(at.taken_at)
        )
        self._last = {row.token: (int(row.taken_at.timestamp()), row.price_usd) for row in rows}
        self._valuations = {
            row.token: (int(row.taken_at.timestamp()), Valuation(row.price_usd, row.source)) for row in rows
        }
        self._prices = self._book.prices()

    async def _search(self, known: set[str]) -> dict[str, Pool]:
        """Find the pools of the anchors and of the named tokens in the trusted factories."""
        anchors = self._anchors.anchors
        pairs = {(anchors.wrapped_native, stable) for stable in anchors.stablecoins}
        for token in self._anchors.tokens:
            pairs |= {(token, anchor) for anchor in (anchors.wrapped_native, *anchors.stablecoins) if anchor != token}
        unique = {tuple(sorted(pair)): pair for pair in sorted(pairs)}
        found = await find_pools(self._chain.rpc, unique.values(), self._anchors.factories, self._chain.multicall3)
        return await self._identify({address: kind for address, kind in found.items() if address not in known})

    async def _identify(self, candidates: dict[str, str]) -> dict[str, Pool]:
        if not candidates:
            return {}
        pools = await read_pools(self._chain.rpc, candidates, self._anchors.factories, self._chain.multicall3)
        self._chain.remember_pools(pools.values(), candidates)
        return pools

    async def _add(self, pools: Iterable[Pool], block: int | None) -> None:
        """Put trusted pools into the book with their state as of `block`.

        When the providers no longer have that state, a pool waits for its first Sync or Swap.
        """
        useful = [pool for pool in pools if self._book.is_useful(pool.token0, pool.token1)]
        if not useful:
            return
        tokens = await self._chain.tokens({token for pool in useful for token in (pool.token0, pool.token1)})
        try:
            states = await read_states(self._chain.rpc, useful, self._chain.multicall3, block)
        except (RpcMissingError, RpcResponseError) as error:
            log.info("pool states come with trades or the head", chain_id=self._chain.chain_id, reason=error.message)
            states = {}
        for pool in useful:
            decimals0, decimals1 = (tokens[token].decimals for token in (pool.token0, pool.token1))
            if decimals0 is None or decimals1 is None or pool.factory is None:
                continue
            spec = PoolSpec(
                pool.address, pool.factory.protocol, pool.token0, pool.token1, decimals0, decimals1, pool.fee_ppm
            )
            if pool.address in states or pool.address not in self._book:
                self._book.put(spec, _state(pool.kind, states.get(pool.address)))
            if pool.address not in states:
                self._incomplete[pool.address] = pool

    async def observe(self, header: Header, changes: list[PoolChange]) -> int:
        """Take in a block's pool changes; return how many readings the block has. Raises RpcError.

        A pool seen for the first time is read as of this block, so its changes are already in.
        """
        fresh: dict[str, str] = {
            change.pool: change.kind
            for change in changes
            if change.pool not in self._book and not self._chain.is_known_pool(change.pool)
        }
        changed = await self._complete(header)
        for change in changes:
            if change.pool not in fresh and change.pool not in self._just_read:
                changed = self._book.apply(change.pool, change) or changed
        if fresh:
            pools = await self._identify(fresh)
            await self._add([pool for pool in pools.values() if pool.factory is not None], header.number)
            changed = True
        if changed or not self._prices:
            self._prices = self._book.prices()
        self._pending = []
        symbols = await self._symbols()
        for token, price in sorted(self._prices.items()):
            last = self._last.get(token)
            if last is None or last[1] != price.price_usd or header.taken_at - last[0] >= HEARTBEAT_SECONDS:
                self._pending.append((price, describe_source(price, symbols)))
        for price, source in self._pending:
            self._last[price.token] = (header.taken_at, price.price_usd)
            self._valuations[price.token] = (header.taken_at, Valuation(price.price_usd, source))
        return len(self._pending)

    async def _complete(self, header: Header) -> bool:
        """Read pools whose state was no longer to be had at start, once the blocks are new enough to have it."""
        self._just_read = frozenset()
        if not self._incomplete or now_seconds() - header.taken_at > RECENT_SECONDS:
            return False
        pools, self._incomplete = self._incomplete, {}
        await self._add(list(pools.values()), header.number)
        self._just_read = frozenset(pools.keys() - self._incomplete.keys())
        return True

    async def _symbols(self) -> dict[str, str | None]:
        wanted = {
            token for price in self._prices.values() for spec in price.path for token in (spec.token0, spec.token1)
        }
        tokens = await self._chain.tokens(wanted | set(self._anchors.anchors.stablecoins))
        return {address: token.symbol for address, token in tokens.items()}

    def value(self, token: str, taken_at: int) -> Valuation | None:
        """Return a token's price as of the block just observed, None when unknown or older than ten minutes."""
        address = self._anchors.anchors.wrapped_native if token == NATIVE_TOKEN else token
        known = self._valuations.get(address)
        return known[1] if known is not None and taken_at - known[0] <= STALE_SECONDS else None

    def pools(self) -> dict[str, tuple[PoolSpec, tuple[int, int] | None]]:
        """Return every trusted pool and what it holds in smallest units (None: unknown yet), by address."""
        return {
            address: (spec, None if address in self._incomplete else state.held())
            for address, (spec, state) in self._book.pools().items()
        }

    def pool(self, address: str) -> tuple[PoolSpec, tuple[int, int] | None] | None:
        """Return one trusted pool and what it holds, None for any other."""
        known = self._book.pools().get(address)
        if known is None:
            return None
        return known[0], None if address in self._incomplete else known[1].held()

    def fresh(self) -> dict[str, Valuation]:
        """Return the tokens that have a reading in the block just observed."""
        return {price.token: Valuation(price.price_usd, source) for price, source in self._pending}

    async def store(self, session: AsyncSession, header: Header) -> None:
        """Write the readings of the block just observed."""
        if not self._pending:
            return
        taken_at = from_unix(header.taken_at)
        await repository.ensure_partition(session, taken_at)
        await repository.insert_readings(
            session,
            [
                {
                    "chain_id": self._chain.chain_id,
                    "token": price.token,
                    "taken_at": taken_at,
                    "block_hash": header.hash,
                    "block_number": header.number,
                    "price_usd": price.price_usd,
                    "liquidity_usd": price.liquidity_usd,
                    "source": source,
                }
                for price, source in self._pending
            ],
        )

    async def updates(self, session: AsyncSession, header: Header) -> list[PriceUpdate]:
        """Return a stored block's price updates, with the readings before them and changes over the windows."""
        rows = await repository.block_readings(
            session, self._chain.chain_id, header.hash, from_unix(header.taken_at), CHANGE_WINDOWS_SECONDS
        )
        tokens = await self._chain.tokens({row["token"] for row in rows})
        return [
            PriceUpdate(
                id=f"{self._chain.chain_id}:{header.hash}:price:{row['token']}",
                chain_id=self._chain.chain_id,
                block_number=header.number,
                block_hash=header.hash,
                taken_at=header.taken_at,
                token=row["token"],
                symbol=tokens[row["token"]].symbol,
                price_usd=engine_decimal(row["price_usd"]),
                previous_price_usd=_tidy(row["previous_price_usd"]),
                source=row["source"],
                liquidity_usd=_tidy(row["liquidity_usd"]),
                changes=_changes(row),
            )
            for row in rows
        ]

    async def value_as_of(self, session: AsyncSession, header: Header) -> dict[str, Valuation]:
        """Return every token's price as of a stored block, the native token's among them."""
        rows = await repository.latest_readings(
            session,
            self._chain.chain_id,
            header.number,
            _before(header, STALE_SECONDS),
            from_unix(header.taken_at),
        )
        prices = {row.token: Valuation(row.price_usd, row.source) for row in rows}
        native = prices.get(self._anchors.anchors.wrapped_native)
        return prices if native is None else {**prices, NATIVE_TOKEN: native}

    async def withdraw(self, session: AsyncSession, block_hashes: list[str]) -> None:
        """Delete the readings of orphaned blocks."""
        await repository.delete_of_blocks(session, self._chain.chain_id, block_hashes)


def _before(header: Header, seconds: int) -> datetime:
    return from_unix(header.taken_at) - timedelta(seconds=seconds)


def _tidy(value: Decimal | None) -> Decimal | None:
    return None if value is None else engine_decimal(value)


def _state(kind: str, reading: PoolReading | None) -> PoolState:
    if kind == V2:
        return PairState((reading and reading.reserve0) or 0, (reading and reading.reserve1) or 0)
    if reading is None:
        return ConcentratedState(0, 0, 0, None, None)
    return ConcentratedState(
        reading.sqrt_price_x96 or 0, reading.liquidity or 0, reading.tick or 0, reading.balance0, reading.balance1
    )


def change_percent(base: Decimal, now: Decimal) -> Decimal:
    """Return the change from `base` to `now` in percent, to 15 significant digits."""
    with localcontext(WIDE):
        return engine_decimal((now - base) / base * 100)


def _changes(row: dict) -> dict[int, tuple[Decimal | None, Decimal]]:
    changes = {}
    for window, base_now, base_before in zip(CHANGE_WINDOWS_SECONDS, row["base_now"], row["base_before"], strict=True):
        if base_now is None:
            continue
        before = (
            None
            if base_before is None or row["previous_price_usd"] is None
            else change_percent(base_before, row["previous_price_usd"])
        )
        changes[window] = (before, change_percent(base_now, row["price_usd"]))
    return changes
