"""The traders' model: same seed same trades, sizes within bounds, and a market that stays sensible by itself."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.demo.accounts import ACCOUNTS, SENDERS
from backend.demo.anvil import BLOCK_GAS_LIMIT
from backend.demo.plan import TOKENS
from backend.demo.trader_config import TraderConfig
from backend.demo.trader_model import Intent, Load, Swap, TraderModel, Transfer, traded_prices
from backend.demo.uniswap_math import amount_out
from tests.doubles.paper_market import PaperMarket

CONFIG = TraderConfig()


def trade(seed: int, blocks: int) -> tuple[PaperMarket, list[list[Intent]]]:
    market = PaperMarket()
    model = TraderModel.start(CONFIG, seed, market.view(0.0))
    history = []
    for _block in range(blocks):
        intents = model.step(market.view())
        market.apply(intents)
        history.append(intents)
    return market, history


def value_usd(intent: Swap | Transfer, prices: dict[str, float]) -> float:
    token, amount = (intent.token_in, intent.amount_in) if isinstance(intent, Swap) else (intent.token, intent.amount)
    symbol = "WETH" if token == "ETH" else token
    return amount / 10 ** TOKENS[symbol].decimals * prices[symbol]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_trades(seed: int) -> None:
    assert trade(seed, 20)[1] == trade(seed, 20)[1]


def test_another_seed_gives_other_trades() -> None:
    assert trade(1, 20)[1] != trade(2, 20)[1]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_every_intent_can_be_carried_out(seed: int) -> None:
    market = PaperMarket()
    model = TraderModel.start(CONFIG, seed, market.view(0.0))
    for _block in range(60):
        view = market.view()
        prices = traded_prices(view.pools)
        intents = model.step(view)
        assert sum(item.gas for item in intents if isinstance(item, Load)) < BLOCK_GAS_LIMIT
        for intent in intents:
            assert 0 < intent.tip_wei <= 100 * 10**9
            if isinstance(intent, Load):
                continue
            assert intent.sender in SENDERS
            size = value_usd(intent, prices)
            if intent.reason == "whale":
                assert CONFIG.whale_range_usd[0] * 0.999 <= size <= CONFIG.whale_range_usd[1] * 1.001
            elif intent.reason == "arbitrage":
                assert size > 0
            else:
                assert CONFIG.size_range_usd[0] * 0.99 <= size <= CONFIG.size_range_usd[1] * 1.01
            if isinstance(intent, Transfer):
                assert intent.recipient in ACCOUNTS
                assert intent.recipient != intent.sender
            else:
                amount, token = float(intent.amount_in), intent.token_in
                for name in intent.pools:
                    pool = view.pools[name]
                    amount = amount_out(amount, *pool.reserves_from(token), pool.fee_ppm)
                    token = pool.other(token)
                assert 0.9 * amount < intent.min_out < amount
                assert not (intent.native_in and intent.token_in != "WETH")
                assert not (intent.native_out and token != "WETH")
                assert len({view.pools[name].is_v2 for name in intent.pools}) == 1
        market.apply(intents)


def test_nobody_sends_from_the_wallets_that_people_use() -> None:
    _market, history = trade(3, 2_000)
    senders = {intent.sender for intents in history for intent in intents if not isinstance(intent, Load)}
    assert senders.isdisjoint({"demo", "guest"})
    assert senders == set(SENDERS) - {"network_load"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hours_of_trading_keep_prices_pools_and_fees_sensible(seed: int) -> None:
    market = PaperMarket()
    model = TraderModel.start(CONFIG, seed, market.view(0.0))
    whales = 0
    start = {name: pool.reserves for name, pool in market.pools.items()}
    eth_prices = []
    for _block in range(3_600):  # two hours
        intents = model.step(market.view())
        whales += sum(1 for item in intents if not isinstance(item, Load) and item.reason == "whale")
        market.apply(intents)
        prices = traded_prices(market.pools)
        eth_prices.append(prices["WETH"])
        for symbol, band in CONFIG.wander.items():
            assert band.low_usd * 0.96 < prices[symbol] < band.high_usd * 1.04
        assert 10**8 < market.base_fee_wei < 500 * 10**9
    for name, pool in market.pools.items():
        assert all(0.6 < now / before < 1.6 for now, before in zip(pool.reserves, start[name], strict=True))
    same_pair = [pool.price("WETH") for name, pool in market.pools.items() if name.startswith("WETH-USDC")]
    assert max(same_pair) / min(same_pair) < 1.04
    assert 55 <= whales <= 145  # 96 expected
    steps = [math.log(b / a) for a, b in zip(eth_prices, eth_prices[30:], strict=False)]
    assert 0.0003 < (sum(x * x for x in steps) / len(steps)) ** 0.5 < 0.01  # a minute moves the price by 3 to 100 bps


def test_a_cheap_pool_is_bought() -> None:
    market = PaperMarket()
    model = TraderModel.start(CONFIG, 5, market.view(0.0))
    pool = market.pools["WETH-USDC-V2"]
    eth, usdc = pool.reserves_from("WETH")
    cheap = (eth * 1.02, usdc / 1.02)
    market.pools[pool.name] = type(pool)(pool.name, pool.symbols, pool.fee_ppm, cheap)
    corrections = [
        item
        for _ in range(20)
        for item in model.step(market.view())
        if isinstance(item, Swap) and item.reason == "arbitrage" and item.pools == (pool.name,)
    ]
    assert corrections
    assert {item.token_in for item in corrections} == {"USDC"}


def test_ordinary_traders_buy_and_sell_alike_and_rather_buy_what_is_cheap() -> None:
    def share_buying_weth(cheaper: float) -> float:
        market = PaperMarket()
        models = [TraderModel.start(CONFIG, seed, market.view(0.0)) for seed in range(40)]
        for name, pool in list(market.pools.items()):
            if name.startswith("WETH-USDC"):
                eth, usdc = pool.reserves_from("WETH")
                reserves = (eth * (1 + cheaper), usdc / (1 + cheaper))
                market.pools[name] = type(pool)(name, pool.symbols, pool.fee_ppm, reserves)
        swaps = [
            item
            for model in models
            for _block in range(10)
            for item in model.step(market.view())
            if isinstance(item, Swap) and item.reason == "swap" and item.pools[0].startswith("WETH-USDC")
        ]
        return sum(item.token_in == "USDC" for item in swaps) / len(swaps)

    assert 0.3 < share_buying_weth(0.0) < 0.7
    assert share_buying_weth(0.02) > 0.7
    assert share_buying_weth(-0.02) < 0.3


def test_whales_move_a_price_by_at_most_the_limit() -> None:
    market = PaperMarket()
    model = TraderModel.start(CONFIG, 4, market.view(0.0))
    seen = 0
    for _block in range(4_000):
        view = market.view()
        for item in model.step(view):
            if isinstance(item, Swap) and item.reason == "whale":
                pool = view.pools[item.pools[0]]
                held, _others = pool.reserves_from(item.token_in)
                stable = set(pool.symbols) == {"USDC", "DAI"}
                assert 2 * item.amount_in / held <= (0.0041 if stable else 0.034)
                seen += 1
    assert seen > 30
