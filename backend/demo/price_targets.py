"""Target prices that the traders believe in: they wander slowly and stay inside a band for ever. Pure.

Each log price follows dx = -k (x - anchor) dt + s dW (Ornstein & Uhlenbeck 1930), with WETH's shocks shared by the
correlated assets, and is reflected at the edges of its band.
"""

import math

import numpy as np

from backend.demo.trader_config import DAY_SECONDS, Wander


class PriceTargets:
    """Target prices in USD by symbol; symbols without a `Wander` are worth exactly 1."""

    def __init__(self, wander: dict[str, Wander], start_usd: dict[str, float]) -> None:
        self._wander = wander
        self._log = {
            symbol: _inside(math.log(start_usd.get(symbol, item.anchor_usd)), item) for symbol, item in wander.items()
        }

    def usd(self, symbol: str) -> float:
        """Return the target price of a token in USD."""
        return math.exp(self._log[symbol]) if symbol in self._log else 1.0

    def advance(self, random: np.random.Generator, seconds: float) -> None:
        """Let every target wander for `seconds`."""
        shocks = dict(zip(self._wander, random.standard_normal(len(self._wander)), strict=True))
        days = seconds / DAY_SECONDS
        for symbol, item in self._wander.items():
            shock = shocks[symbol]
            if item.eth_share:
                shock = item.eth_share * shocks["WETH"] + math.sqrt(1 - item.eth_share**2) * shock
            pull = -(self._log[symbol] - math.log(item.anchor_usd)) * (1 - math.exp(-item.pull_per_day * days))
            step = pull + item.volatility_per_day * math.sqrt(days) * shock
            self._log[symbol] = _inside(self._log[symbol] + step, item)

    def absorb(self, traded_usd: dict[str, float], share: float) -> None:
        """Move every target by `share` of the log distance to the price actually traded."""
        for symbol, price in traded_usd.items():
            if symbol in self._log:
                moved = self._log[symbol] + share * (math.log(price) - self._log[symbol])
                self._log[symbol] = _inside(moved, self._wander[symbol])


def _inside(log_price: float, item: Wander) -> float:
    """Return the log price reflected once at the band's edges, then clipped."""
    low, high = math.log(item.low_usd), math.log(item.high_usd)
    if log_price < low:
        log_price = 2 * low - log_price
    elif log_price > high:
        log_price = 2 * high - log_price
    return min(high, max(low, log_price))
