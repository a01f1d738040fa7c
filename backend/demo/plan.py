"""What the demo market consists of: tokens, starting prices, pools and their depth. Numbers only, no chain."""

from dataclasses import dataclass
from typing import Literal

NATIVE = "ETH"
WRAPPED = "WETH"
PoolKind = Literal["uniswap_v2", "uniswap_v3"]


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """One token; prices are the anchors that the traders' targets wander around."""

    symbol: str
    name: str
    decimals: int
    price_usd: float


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """One pool; `depth_usd` is the worth of one side near the price (V3: of the virtual reserves)."""

    tokens: tuple[str, str]
    kind: PoolKind
    fee_ppm: int
    depth_usd: float

    @property
    def name(self) -> str:
        """The key in addresses.json, e.g. `WETH-USDC-V3-500`."""
        pair = "-".join(self.tokens)
        return f"{pair}-V2" if self.kind == "uniswap_v2" else f"{pair}-V3-{self.fee_ppm}"


TOKENS: dict[str, TokenPlan] = {
    plan.symbol: plan
    for plan in (
        TokenPlan("WETH", "Wrapped Ether", 18, 3_500.0),
        TokenPlan("USDC", "USD Coin", 6, 1.0),
        TokenPlan("DAI", "Dai Stablecoin", 18, 1.0),
        TokenPlan("WBTC", "Wrapped BTC", 8, 100_000.0),
        TokenPlan("UNI", "Uniswap", 18, 10.0),
    )
}

V2_FEE_PPM = 3_000
POOLS: tuple[PoolPlan, ...] = (
    PoolPlan(("WETH", "USDC"), "uniswap_v2", V2_FEE_PPM, 60e6),
    PoolPlan(("WETH", "USDC"), "uniswap_v3", 500, 120e6),
    PoolPlan(("WETH", "USDC"), "uniswap_v3", 3_000, 80e6),
    PoolPlan(("WETH", "DAI"), "uniswap_v2", V2_FEE_PPM, 30e6),
    PoolPlan(("WETH", "DAI"), "uniswap_v3", 3_000, 50e6),
    PoolPlan(("WBTC", "WETH"), "uniswap_v2", V2_FEE_PPM, 40e6),
    PoolPlan(("WBTC", "WETH"), "uniswap_v3", 3_000, 80e6),
    PoolPlan(("UNI", "WETH"), "uniswap_v2", V2_FEE_PPM, 15e6),
    PoolPlan(("UNI", "WETH"), "uniswap_v3", 3_000, 25e6),
    PoolPlan(("USDC", "DAI"), "uniswap_v2", V2_FEE_PPM, 60e6),
    PoolPlan(("USDC", "DAI"), "uniswap_v3", 500, 400e6),
)

# A V3 position spans [price / RANGE, price * RANGE]; half of the depth is wide and never left, half is narrower.
V3_RANGES = (3.0, 1.35)

BIG_BALANCE_USD = 60e6  # of each asset
SMALL_BALANCE_USD = 2e6
_BIG = frozenset({"whale", "whale_2", "arbitrage", "guest"})
_DEMO_USD = {NATIVE: 42e3, "WETH": 7e3, "USDC": 8e3, "DAI": 3e3, "WBTC": 35e3, "UNI": 8.5e3}
_DEMO_TRADING_USD = 2e5


def planned_balance(role: str, symbol: str) -> int:
    """Return how many smallest units of a token (or of ETH) an account starts with."""
    if role == "demo":
        value_usd = _DEMO_USD[symbol]
    elif role == "demo_trading":
        value_usd = _DEMO_TRADING_USD
    else:
        value_usd = BIG_BALANCE_USD if role in _BIG else SMALL_BALANCE_USD
    return token_units(WRAPPED if symbol == NATIVE else symbol, value_usd)


def token_units(symbol: str, value_usd: float) -> int:
    """Return how many of a token's smallest units are worth `value_usd` at the starting price."""
    plan = TOKENS[symbol]
    return int(value_usd / plan.price_usd * 10**plan.decimals)
