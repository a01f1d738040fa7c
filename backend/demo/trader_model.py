"""What the traders do next, given what they see: a seeded model without I/O or clock.

Every block: ordinary swaps and transfers arrive by a Poisson process whose rate switches between calm and busy; now
and then a whale acts; arbitrage pulls mispriced pools towards slowly wandering targets, so that pools of one pair
stay close, no pool drains and prices stay sensible for days; the rest of the network uses gas and bids for it.
Amounts are in the tokens' smallest units. docs/demo-market.md gives the parameters.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from backend.demo.accounts import TRADERS, WHALES
from backend.demo.plan import NATIVE, TOKENS, WRAPPED
from backend.demo.price_targets import PriceTargets
from backend.demo.trader_config import TraderConfig
from backend.demo.uniswap_math import amount_in_to_reach, amount_out

_GWEI = 10**9


@dataclass(frozen=True, slots=True)
class PoolView:
    """One pool as seen in a block; reserves in smallest units (V3: virtual reserves at the price)."""

    name: str
    symbols: tuple[str, str]
    fee_ppm: int
    reserves: tuple[float, float]

    @property
    def is_v2(self) -> bool:
        """True for Uniswap V2."""
        return self.name.endswith("-V2")

    def reserves_from(self, token_in: str) -> tuple[float, float]:
        """Return (reserve of token_in, reserve of the other)."""
        first, second = self.reserves
        return (first, second) if self.symbols[0] == token_in else (second, first)

    def other(self, symbol: str) -> str:
        """Return the pool's other token."""
        return self.symbols[1] if self.symbols[0] == symbol else self.symbols[0]

    def price(self, symbol: str) -> float:
        """Return how many whole units of the other token one whole `symbol` costs here."""
        own, others = self.reserves_from(symbol)
        return (others / 10 ** TOKENS[self.other(symbol)].decimals) / (own / 10 ** TOKENS[symbol].decimals)


@dataclass(frozen=True, slots=True)
class MarketView:
    """What the traders see of one block. `seconds` is the chain time since the view before."""

    seconds: float
    base_fee_wei: int
    pools: dict[str, PoolView]


@dataclass(frozen=True, slots=True)
class Swap:
    """Swap along pools of one Uniswap version; native_in pays in ETH, native_out is paid in ETH."""

    sender: str
    pools: tuple[str, ...]
    token_in: str
    amount_in: int
    min_out: int
    tip_wei: int
    native_in: bool = False
    native_out: bool = False
    reason: str = "swap"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Send a token, or ETH when `token` is ETH."""

    sender: str
    recipient: str
    token: str
    amount: int
    tip_wei: int
    reason: str = "transfer"


@dataclass(frozen=True, slots=True)
class Load:
    """Use about `gas` units of gas for nothing, as the rest of the network does."""

    gas: int
    tip_wei: int


Intent = Swap | Transfer | Load


def traded_prices(pools: dict[str, PoolView]) -> dict[str, float]:
    """Return USD prices by symbol from the pools: depth-weighted mean log price, USDC taken as exactly 1."""

    def mean_price(symbol: str, quote: str) -> float:
        views = [pool for pool in pools.values() if set(pool.symbols) == {symbol, quote}]
        weights = [pool.reserves_from(symbol)[0] for pool in views]
        logs = [math.log(pool.price(symbol)) for pool in views]
        return math.exp(sum(w * x for w, x in zip(weights, logs, strict=True)) / sum(weights))

    eth = mean_price("WETH", "USDC")
    return {
        "USDC": 1.0,
        "WETH": eth,
        "DAI": mean_price("DAI", "USDC"),
        "WBTC": mean_price("WBTC", "WETH") * eth,
        "UNI": mean_price("UNI", "WETH") * eth,
    }


@dataclass(slots=True)
class TraderModel:
    """The model with its state. The same seed and the same views give the same intents."""

    config: TraderConfig
    random: np.random.Generator
    targets: PriceTargets
    busy: bool = False
    fee_log: float = 0.0  # how much more than the anchor the network is ready to pay, in logs
    _prices: dict[str, float] = field(default_factory=dict)

    @classmethod
    def start(cls, config: TraderConfig, seed: int | list[int], view: MarketView) -> "TraderModel":
        """Return a model whose targets start at the prices in the pools."""
        return cls(config, np.random.default_rng(seed), PriceTargets(config.wander, traded_prices(view.pools)))

    def step(self, view: MarketView) -> list[Intent]:
        """Return what is done in reaction to this view, in no particular order."""
        self._prices = traded_prices(view.pools)
        self._advance(view.seconds)
        pace = view.seconds * (self.config.busy_factor if self.busy else 1.0)
        intents: list[Intent] = []
        for _ in range(self.random.poisson(self.config.swaps_per_second * pace)):
            intents.append(self._ordinary_swap(view))
        for _ in range(self.random.poisson(self.config.transfers_per_second * pace)):
            intents.append(self._ordinary_transfer())
        if self.random.random() < 1 - math.exp(-view.seconds / self.config.whale_seconds):
            intents.append(self._whale(view))
        intents += self._arbitrage(view)
        intents += self._network_load(view)
        return intents

    def _advance(self, seconds: float) -> None:
        config = self.config
        self.targets.advance(self.random, seconds)
        self.targets.absorb(self._prices, 1 - math.exp(-config.absorb_per_second * seconds))
        stay_seconds = config.busy_seconds if self.busy else config.calm_seconds
        if self.random.random() < 1 - math.exp(-seconds / stay_seconds):
            self.busy = not self.busy
        kept = math.exp(-seconds / config.gas_fee_memory_seconds)
        noise = config.gas_fee_sigma * math.sqrt(1 - kept**2) * self.random.standard_normal()
        self.fee_log = self.fee_log * kept + noise

    def _tip_wei(self, urgent: bool = False) -> int:
        factor = self.config.urgent_tip_factor if urgent else 1.0
        gwei = self.config.tip_median_gwei * factor * math.exp(self.config.tip_sigma * self.random.standard_normal())
        return int(min(gwei, 100.0) * _GWEI)

    def _size_usd(self) -> float:
        low, high = self.config.size_range_usd
        size = self.config.size_median_usd * math.exp(self.config.size_sigma * self.random.standard_normal())
        return min(high, max(low, size))

    def _depth_usd(self, pool: PoolView) -> float:
        symbol = pool.symbols[0]
        return pool.reserves[0] / 10 ** TOKENS[symbol].decimals * self._prices[symbol]

    def _units(self, symbol: str, value_usd: float) -> int:
        return int(value_usd / self._prices[symbol] * 10 ** TOKENS[symbol].decimals)

    def _fair(self, pool: PoolView, token_in: str) -> float:
        """Return how many units of the other token one unit of token_in is worth at the targets."""
        out = pool.other(token_in)
        ratio = self.targets.usd(token_in) / self.targets.usd(out)
        return ratio * 10 ** (TOKENS[out].decimals - TOKENS[token_in].decimals)

    def _max_impact(self, pool: PoolView) -> float:
        stable = set(pool.symbols) == {"USDC", "DAI"}
        return self.config.stable_max_impact if stable else self.config.whale_max_impact

    def _choose_pool(self, view: MarketView, among: list[PoolView]) -> PoolView:
        depths = np.array([self._depth_usd(pool) for pool in among])
        return among[int(self.random.choice(len(among), p=depths / depths.sum()))]

    def _choose_input(self, pool: PoolView) -> str:
        """Return the token to sell: more likely the one that is dear here against the targets."""
        first = pool.symbols[0]
        own, others = pool.reserves_from(first)
        cheapness = math.log(self._fair(pool, first) / (others / own))
        limit = self.config.direction_limit
        buy_chance = 0.5 + min(limit, max(-limit, self.config.direction_gain * cheapness))
        return pool.symbols[1] if self.random.random() < buy_chance else first

    def _swap(self, view: MarketView, sender: str, route: list[PoolView], token_in: str, value_usd: float) -> Swap:
        """Return a swap with its smallest acceptable output, as the pools stand now."""
        whale = sender in WHALES
        amount_in = self._units(token_in, value_usd)
        amount, token = float(amount_in), token_in
        for pool in route:
            amount = amount_out(amount, *pool.reserves_from(token), pool.fee_ppm)
            token = pool.other(token)
        slippage = self.config.whale_slippage if whale else self.config.slippage
        native = self.random.random() < self.config.native_share
        return Swap(
            sender=sender,
            pools=tuple(pool.name for pool in route),
            token_in=token_in,
            amount_in=amount_in,
            min_out=int(amount * (1 - slippage)),
            tip_wei=self._tip_wei(urgent=whale),
            native_in=native and token_in == WRAPPED,
            native_out=native and token == WRAPPED,
            reason="whale" if whale else "swap",
        )

    def _ordinary_swap(self, view: MarketView) -> Swap:
        sender = self._active_wallet()
        pool = self._choose_pool(view, list(view.pools.values()))
        token_in = self._choose_input(pool)
        route = [pool]
        onward = [
            item
            for item in view.pools.values()
            if item.is_v2 == pool.is_v2 and pool.other(token_in) in item.symbols and token_in not in item.symbols
        ]
        if onward and self.random.random() < self.config.two_hop_share:
            route.append(self._choose_pool(view, onward))
        return self._swap(view, sender, route, token_in, self._size_usd())

    def _active_wallet(self) -> str:
        wallets = (*TRADERS, "demo_trading")
        return wallets[int(self.random.integers(len(wallets)))]

    def _any_token(self) -> str:
        symbols = (NATIVE, *TOKENS)
        return symbols[int(self.random.choice(len(symbols), p=[0.3, 0.1, 0.3, 0.1, 0.1, 0.1]))]

    def _ordinary_transfer(self) -> Transfer:
        sender = self._active_wallet()
        others = [name for name in (*TRADERS, "demo_trading") if name != sender]
        to_demo = self.random.random() < 0.01  # the demo user's wallet is paid about every ten minutes
        recipient = "demo" if to_demo else others[int(self.random.integers(len(others)))]
        token = self._any_token()
        amount = self._units("WETH" if token == NATIVE else token, self._size_usd())
        return Transfer(sender, recipient, token, amount, self._tip_wei())

    def _whale(self, view: MarketView) -> Swap | Transfer:
        low, high = (math.log(edge) for edge in self.config.whale_range_usd)
        value_usd = math.exp(self.random.uniform(low, high))
        whale = WHALES[int(self.random.integers(len(WHALES)))]
        if self.random.random() < self.config.whale_swap_share:
            # A swap of v against a depth of d moves a constant-product price by about 2 v / d.
            pools = list(view.pools.values())
            deep = [pool for pool in pools if 2 * value_usd / self._depth_usd(pool) <= self._max_impact(pool)]
            pool = self._choose_pool(
                view, deep or [max(pools, key=lambda item: self._depth_usd(item) * self._max_impact(item))]
            )
            return self._swap(view, whale, [pool], self._choose_input(pool), value_usd)
        partners = [name for name in (*WHALES, "treasury") if name != whale]
        partner = partners[int(self.random.integers(len(partners)))]
        sender, recipient = (whale, partner) if self.random.random() < 0.5 else (partner, whale)
        token = self._any_token()
        amount = self._units("WETH" if token == NATIVE else token, value_usd)
        return Transfer(sender, recipient, token, amount, self._tip_wei(urgent=True), reason="whale")

    def _arbitrage(self, view: MarketView) -> list[Swap]:
        """Return swaps that bring mispriced pools back towards the targets, as far as the pool's fee lets it pay."""
        swaps: list[Swap] = []
        for pool in view.pools.values():
            for token_in in pool.symbols:
                best = amount_in_to_reach(
                    *pool.reserves_from(token_in), fair=self._fair(pool, token_in), fee_ppm=pool.fee_ppm
                )
                value_usd = best / 10 ** TOKENS[token_in].decimals * self._prices[token_in]
                if value_usd < self.config.arbitrage_min_usd:
                    continue
                mispricing = best / pool.reserves_from(token_in)[0]
                chance = self.config.arbitrage_chance + self.config.arbitrage_gain * mispricing
                if self.random.random() < min(self.config.arbitrage_limit, chance):
                    share = self.random.uniform(*self.config.arbitrage_share)
                    swaps.append(self._arbitrage_swap(pool, token_in, int(best * share)))
        return swaps

    def _arbitrage_swap(self, pool: PoolView, token_in: str, amount_in: int) -> Swap:
        expected = amount_out(amount_in, *pool.reserves_from(token_in), pool.fee_ppm)
        return Swap(
            sender="arbitrage",
            pools=(pool.name,),
            token_in=token_in,
            amount_in=amount_in,
            min_out=int(expected * (1 - self.config.slippage)),
            tip_wei=self._tip_wei(urgent=True),
            reason="arbitrage",
        )

    def _network_load(self, view: MarketView) -> list[Load]:
        """Return the gas used by the rest of the network: less of it, the further fees are above what it would pay."""
        config = self.config
        ready_gwei = config.gas_fee_anchor_gwei * math.exp(self.fee_log) * (1.5 if self.busy else 1.0)
        base_gwei = max(view.base_fee_wei, 1) / _GWEI
        demand = config.gas_target * (ready_gwei / base_gwei) ** config.gas_elasticity
        demand *= math.exp(config.gas_noise * self.random.standard_normal())
        low, high = config.gas_range
        gas = min(high, max(low, demand))
        cuts = self.random.dirichlet(np.ones(int(self.random.integers(1, 4))))
        return [Load(max(50_000, int(gas * cut)), self._tip_wei()) for cut in cuts]
