"""One pool's state: its price and how much is really there to trade against.

Uniswap V2 (whitepaper §2): the price of token0 in token1 is reserve1 / reserve0.
Uniswap V3 (whitepaper §6.1): it is (sqrtPriceX96 / 2^96)^2, and at the current price the pool trades like a V2 pool
with virtual reserves x = L / sqrt(P) and y = L * sqrt(P).
"""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Protocol

WIDE = Context(prec=100, rounding=ROUND_HALF_EVEN, Emax=999_999, Emin=-999_999)
_Q96 = 1 << 96
CONCENTRATION = 10


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """What never changes about a pool. `protocol` is its name for people: Uniswap V2, Uniswap V3, …"""

    address: str
    protocol: str
    token0: str
    token1: str
    decimals0: int
    decimals1: int
    fee_ppm: int


class Change(Protocol):
    """What a log did to a pool (`backend.chain.decode.PoolChange` has this shape)."""

    @property
    def reserve0(self) -> int | None: ...  # noqa: D102
    @property
    def reserve1(self) -> int | None: ...  # noqa: D102
    @property
    def sqrt_price_x96(self) -> int | None: ...  # noqa: D102
    @property
    def liquidity(self) -> int | None: ...  # noqa: D102
    @property
    def tick(self) -> int | None: ...  # noqa: D102
    @property
    def delta_liquidity(self) -> int: ...  # noqa: D102
    @property
    def tick_range(self) -> tuple[int, int] | None: ...  # noqa: D102
    @property
    def delta_balance0(self) -> int: ...  # noqa: D102
    @property
    def delta_balance1(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class PairState:
    """A V2 pool."""

    reserve0: int
    reserve1: int

    def after(self, change: Change) -> "PairState":
        """Return the state after a Sync."""
        if change.reserve0 is None or change.reserve1 is None:
            return self
        return PairState(change.reserve0, change.reserve1)

    def is_usable(self) -> bool:
        """True when there is a price."""
        return self.reserve0 > 0 and self.reserve1 > 0

    def held(self) -> tuple[int, int] | None:
        """Return what the pool holds of both tokens, in smallest units."""
        return self.reserve0, self.reserve1

    def ratio(self) -> Decimal:
        """Return the price of one smallest unit of token0 in smallest units of token1 (within WIDE)."""
        return Decimal(self.reserve1) / Decimal(self.reserve0)

    def depth(self, concentration: int) -> tuple[int, int]:
        """Return both sides that a trade meets, in smallest units."""
        return self.reserve0, self.reserve1


@dataclass(frozen=True, slots=True)
class ConcentratedState:
    """A V3 pool. Balances are what it really holds; None when nobody knows yet."""

    sqrt_price_x96: int
    liquidity: int
    tick: int
    balance0: int | None
    balance1: int | None

    def after(self, change: Change) -> "ConcentratedState":
        """Return the state after a Swap, Mint, Burn, Collect or Initialize."""
        state = self
        if change.sqrt_price_x96 is not None and change.liquidity is not None and change.tick is not None:
            state = replace(state, sqrt_price_x96=change.sqrt_price_x96, liquidity=change.liquidity, tick=change.tick)
        if change.tick_range is not None and change.tick_range[0] <= state.tick < change.tick_range[1]:
            state = replace(state, liquidity=max(0, state.liquidity + change.delta_liquidity))
        return replace(
            state,
            balance0=_moved(state.balance0, change.delta_balance0),
            balance1=_moved(state.balance1, change.delta_balance1),
        )

    def is_usable(self) -> bool:
        """True when there is a price with liquidity behind it."""
        return self.sqrt_price_x96 > 0 and self.liquidity > 0

    def held(self) -> tuple[int, int] | None:
        """Return what the pool holds of both tokens, in smallest units, None when nobody knows yet."""
        return None if self.balance0 is None or self.balance1 is None else (self.balance0, self.balance1)

    def ratio(self) -> Decimal:
        """Return the price of one smallest unit of token0 in smallest units of token1 (within WIDE)."""
        root = Decimal(self.sqrt_price_x96) / _Q96
        return root * root

    def depth(self, concentration: int) -> tuple[int, int]:
        """Return the virtual reserves at the current tick, each at most `concentration` times what is really held.

        Without that bound a few dollars squeezed into one tick look like millions.
        """
        virtual0 = self.liquidity * _Q96 // self.sqrt_price_x96
        virtual1 = self.liquidity * self.sqrt_price_x96 // _Q96
        return (
            virtual0 if self.balance0 is None else min(virtual0, concentration * self.balance0),
            virtual1 if self.balance1 is None else min(virtual1, concentration * self.balance1),
        )


PoolState = PairState | ConcentratedState


def _moved(balance: int | None, delta: int) -> int | None:
    return None if balance is None else max(0, balance + delta)


def price_in_other(spec: PoolSpec, state: PoolState, token: str) -> Decimal:
    """Return how many whole tokens of the other side one whole `token` costs in this pool (100 digits)."""
    with localcontext(WIDE):
        price0 = state.ratio().scaleb(spec.decimals0 - spec.decimals1)
        return price0 if token == spec.token0 else 1 / price0


def other_side(spec: PoolSpec, token: str) -> str:
    """Return the pool's other token."""
    return spec.token1 if token == spec.token0 else spec.token0


def liquidity_usd(
    spec: PoolSpec, state: PoolState, quote: str, quote_price_usd: Decimal, concentration: int = CONCENTRATION
) -> Decimal:
    """Return twice the worth of the thinner side in US dollars, valuing the other side at the pool's own price.

    With `concentration` 1 only what a pool really holds counts.
    """
    with localcontext(WIDE):
        depth0, depth1 = (
            Decimal(depth).scaleb(-decimals)
            for depth, decimals in zip(state.depth(concentration), (spec.decimals0, spec.decimals1), strict=True)
        )
        token = other_side(spec, quote)
        token_price_usd = price_in_other(spec, state, token) * quote_price_usd
        price0, price1 = (
            (quote_price_usd, token_price_usd) if quote == spec.token0 else (token_price_usd, quote_price_usd)
        )
        return 2 * min(depth0 * price0, depth1 * price1)
