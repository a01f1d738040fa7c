"""Target prices wander, follow WETH where they should, and never leave their band."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.demo.price_targets import PriceTargets
from backend.demo.trader_config import TraderConfig, Wander

WANDER = TraderConfig().wander


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 20_000.0), st.floats(1.0, 100_000.0))
def test_targets_never_leave_their_band(seed: int, seconds: float, start_usd: float) -> None:
    targets = PriceTargets(WANDER, {"WETH": start_usd})
    random = np.random.default_rng(seed)
    for _ in range(50):
        targets.advance(random, seconds)
        targets.absorb({"WETH": start_usd, "DAI": 1.2, "USDC": 1.0}, 0.1)
        for symbol, band in WANDER.items():
            assert band.low_usd * 0.999999 <= targets.usd(symbol) <= band.high_usd * 1.000001
    assert targets.usd("USDC") == 1.0


def test_volatility_is_that_of_the_configuration() -> None:
    free = {"WETH": Wander(3_500.0, 1.0, 1e7, 0.05, 0.0), "WBTC": Wander(1e5, 1.0, 1e9, 0.05, 0.0, eth_share=0.7)}
    targets = PriceTargets(free, {})
    random = np.random.default_rng(1)
    moves = []
    for _ in range(4_000):
        before = [math.log(targets.usd(symbol)) for symbol in free]
        targets.advance(random, 3_600.0)
        moves.append([math.log(targets.usd(symbol)) - old for symbol, old in zip(free, before, strict=True)])
    eth, btc = np.array(moves).T
    assert abs(eth.std() * math.sqrt(24) - 0.05) < 0.003
    assert abs(btc.std() * math.sqrt(24) - 0.05) < 0.003
    assert abs(np.corrcoef(eth, btc)[0, 1] - 0.7) < 0.03


def test_targets_return_to_their_anchor() -> None:
    targets = PriceTargets({"WETH": Wander(3_500.0, 3_000.0, 4_000.0, 0.0, 2.0)}, {"WETH": 3_900.0})
    targets.advance(np.random.default_rng(1), 86_400.0)
    expected = 3_500.0 * (3_900.0 / 3_500.0) ** math.exp(-2.0)
    assert abs(targets.usd("WETH") / expected - 1) < 1e-9
