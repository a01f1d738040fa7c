"""What a swap costs on a chain now: its gas price, and the depth of the pools that we trust, as of one block.

Asked of the chain when somebody looks at a plan, each chain for MARKET_SECONDS at most. What does not answer is
unknown, and the plan says so.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import pairwise, permutations

from backend.chain.blocks import quantity
from backend.chain.decode import V2
from backend.chain.events import NATIVE_TOKEN
from backend.chain.pools import Pool, PoolReading, read_states
from backend.chain.registry import chain_name
from backend.chain.rpc.errors import RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.errors import UnavailableError
from backend.core.logging import get_logger
from backend.market.assets import KnownAssets, TokenKey
from backend.market.engine.pools import CONCENTRATION, ConcentratedState, PairState, PoolState
from backend.portfolio.engine.exact import EXACT, ZERO
from backend.portfolio.engine.price_impact import PoolSide, cheapest_side, left_of

log = get_logger(__name__)
MARKET_SECONDS = 2.5
# Measured on Uniswap's own contracts with their routers (tests/integration/portfolio/test_swap_costs.py holds these to
# it), in pools that were traded before, some seconds ago: the first pool with everything around it, every further pool,
# a first approval, wrapping, and what is paid once when a wallet gets a token that it never held. A plan counts an
# approval and such a token: it may cost less.
V2_GAS, V3_GAS = (102_000, 56_000), (108_000, 70_000)
APPROVAL_GAS, WRAP_GAS, NEW_TOKEN_GAS = 48_000, 30_000, 17_500


@dataclass(frozen=True, slots=True)
class PoolAt:
    """A pool as a trade from one token to another meets it."""

    address: str
    kind: str
    side: PoolSide


@dataclass(frozen=True, slots=True)
class Route:
    """A way from one token to another on a chain. `pools` is empty for wrapping. `gas` is in units."""

    pools: tuple[PoolAt, ...]
    gas: int

    @property
    def sides(self) -> list[PoolSide]:
        """The sides that are paid into, in order."""
        return [pool.side for pool in self.pools]


@dataclass(frozen=True, slots=True)
class ChainMarket:
    """A chain as of a block. None is unknown; `problem` says why."""

    chain_id: int
    block_number: int | None = None
    gas_price_wei: int | None = None
    native_price_usd: Decimal | None = None
    pools: Mapping[tuple[str, str], list[PoolAt]] = field(default_factory=dict)
    problem: str | None = None

    def gas_usd(self, gas: int) -> Decimal | None:
        """Return what so many units of gas cost, in US dollars."""
        if self.gas_price_wei is None or self.native_price_usd is None:
            return None
        return EXACT.multiply(EXACT.scaleb(Decimal(gas * self.gas_price_wei), -18), self.native_price_usd)

    def route(self, sell: str, buy: str, amount_usd: Decimal, assets: KnownAssets) -> Route | None:
        """Return the way that costs least, gas and all: one pool, or two over a hub; None when we know of none."""
        first, last = assets.in_pools(self.chain_id, sell), assets.in_pools(self.chain_id, buy)
        if first is None or last is None:
            return None
        if first == last:
            return Route((), WRAP_GAS + NEW_TOKEN_GAS)
        approval = 0 if sell == NATIVE_TOKEN else APPROVAL_GAS
        ways = [(first, last), *((first, hub, last) for hub in self._hubs(assets) if hub not in (first, last))]
        found = [legs for way in ways if (legs := self._legs(way, amount_usd)) is not None]
        if not found:
            return None
        best = max(found, key=lambda legs: self._worth(amount_usd, legs))
        return Route(best, approval + _gas(best))

    def _worth(self, amount_usd: Decimal, legs: Sequence[PoolAt]) -> Decimal:
        """Return what a way leaves of an amount after its pools and its gas."""
        left = amount_usd
        for leg in legs:
            left = left_of(left, leg.side)
        return EXACT.subtract(left, self.gas_usd(_gas(legs)) or ZERO)

    def _hubs(self, assets: KnownAssets) -> tuple[str, ...]:
        return assets.hubs.get(self.chain_id, ())

    def _legs(self, way: Sequence[str], amount_usd: Decimal) -> tuple[PoolAt, ...] | None:
        legs: list[PoolAt] = []
        for pair in pairwise(way):
            choices = self.pools.get(pair)
            if not choices:
                return None
            legs.append(choices[cheapest_side(amount_usd, [each.side for each in choices])])
        return tuple(legs)


@dataclass(frozen=True, slots=True)
class MarketQuestion:
    """What is asked of a chain: its trusted pools, and price and decimals of the tokens in them."""

    pools: Sequence[Pool]
    prices_usd: Mapping[str, Decimal]
    decimals: Mapping[str, int]
    multicall3: str | None
    native_price_usd: Decimal | None


async def read_markets(rpcs: Mapping[int, RpcPool], asked: Mapping[int, MarketQuestion]) -> dict[int, ChainMarket]:
    """Return every chain that was asked about, all at the same time; one that does not answer says so."""
    found = await asyncio.gather(
        *(_read_market(rpcs.get(chain_id), chain_id, what) for chain_id, what in asked.items())
    )
    return {market.chain_id: market for market in found}


async def _read_market(rpc: RpcPool | None, chain_id: int, asked: MarketQuestion) -> ChainMarket:
    if rpc is None:
        return ChainMarket(chain_id, problem=f"{chain_name(chain_id)} is not read here, so costs are unknown.")
    try:
        async with asyncio.timeout(MARKET_SECONDS):
            number = await rpc.call("eth_blockNumber", [], quantity, budget_seconds=MARKET_SECONDS)
            gas_price = await rpc.call("eth_gasPrice", [], quantity, budget_seconds=MARKET_SECONDS)
            states = await read_states(rpc, asked.pools, asked.multicall3, number)
    except (RpcError, UnavailableError, TimeoutError) as error:
        log.info("costs of swaps are unknown", chain_id=chain_id, reason=str(error)[:200])
        return ChainMarket(chain_id, problem=f"{chain_name(chain_id)} does not answer, so costs are unknown.")
    return ChainMarket(
        chain_id=chain_id,
        block_number=number,
        gas_price_wei=gas_price,
        native_price_usd=asked.native_price_usd,
        pools=_sides(asked, states),
    )


def _sides(asked: MarketQuestion, states: Mapping[str, PoolReading]) -> dict[tuple[str, str], list[PoolAt]]:
    """Return the pools by (paid in, taken out), each with the worth of the side that is paid into."""
    found: dict[tuple[str, str], list[PoolAt]] = {}
    for pool in asked.pools:
        state = _state(pool, states.get(pool.address))
        if state is None or not state.is_usable():
            continue
        depths = dict(zip((pool.token0, pool.token1), state.depth(CONCENTRATION), strict=True))
        for paid, taken in permutations((pool.token0, pool.token1)):
            price, places = asked.prices_usd.get(paid), asked.decimals.get(paid)
            if price is None or places is None:
                continue
            with localcontext(EXACT):
                side = PoolSide(Decimal(depths[paid]).scaleb(-places) * price, Decimal(pool.fee_ppm).scaleb(-6))
            found.setdefault((paid, taken), []).append(PoolAt(pool.address, pool.kind, side))
    return found


def _state(pool: Pool, read: PoolReading | None) -> PoolState | None:
    if read is None:
        return None
    if pool.kind == V2:
        reserves = read.reserve0, read.reserve1
        return None if reserves[0] is None or reserves[1] is None else PairState(reserves[0], reserves[1])
    if read.sqrt_price_x96 is None or read.liquidity is None or read.tick is None:
        return None
    return ConcentratedState(read.sqrt_price_x96, read.liquidity, read.tick, read.balance0, read.balance1)


def _gas(legs: Sequence[PoolAt]) -> int:
    gas = NEW_TOKEN_GAS
    for place, leg in enumerate(legs):
        first, further = V2_GAS if leg.kind == V2 else V3_GAS
        gas += first if place == 0 else further
    return gas


def tokens_in_pools(chain_id: int, tokens: Sequence[str], assets: KnownAssets) -> list[str]:
    """Return what pools hold for these tokens of a chain, and the hubs over which routes may lead."""
    inside = [assets.in_pools(chain_id, token) for token in tokens]
    return sorted({token for token in (*inside, *assets.hubs.get(chain_id, ())) if token is not None})


def price_keys(chain_id: int, tokens: Sequence[str]) -> list[TokenKey]:
    """Return what to ask prices of for a chain: its tokens, and its own currency for gas."""
    return [(chain_id, token) for token in dict.fromkeys((*tokens, NATIVE_TOKEN))]
