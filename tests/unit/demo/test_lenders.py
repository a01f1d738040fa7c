"""Traders who use Aave: same seed same steps, each in its order, small, and never against more than they put in."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.demo.aave import RESERVES
from backend.demo.accounts import ACCOUNTS, TRADERS
from backend.demo.addresses import ByVersion, DemoAave, DemoAddresses, DemoEarning, DemoToken
from backend.demo.calldata import call_data
from backend.demo.lenders import MOST_AT_ONCE, SIZE_RANGE_USD, Lenders
from backend.demo.plan import TOKENS
from backend.demo.transactions import Transaction

NOBODY = "0x" + "00" * 20
POOL, SAVINGS = "0x" + "aa" * 20, "0x" + "bb" * 20
PRICES = {symbol: token.price_usd for symbol, token in TOKENS.items()}
NAMES = {
    call_data(signature, *arguments)[:10]: name
    for name, signature, arguments in (
        ("supply", "supply(address,uint256,address,uint16)", (NOBODY, 0, NOBODY, 0)),
        ("borrow", "borrow(address,uint256,uint256,uint16,address)", (NOBODY, 0, 0, 0, NOBODY)),
        ("repay", "repay(address,uint256,uint256,address)", (NOBODY, 0, 0, NOBODY)),
        ("withdraw", "withdraw(address,uint256,address)", (NOBODY, 0, NOBODY)),
    )
}


def market(aave: bool = True) -> DemoAddresses:
    versions = ByVersion(uniswap_v2=NOBODY, uniswap_v3=NOBODY)
    return DemoAddresses(
        chain_id=1,
        deployed_at_block=1,
        tokens={
            symbol: DemoToken(address=f"0x{place + 1:040x}", decimals=token.decimals, symbol=symbol)
            for place, (symbol, token) in enumerate(TOKENS.items())
        },
        pools={},
        factories=versions,
        routers=versions,
        position_manager=NOBODY,
        quoter_v2=NOBODY,
        multicall3=NOBODY,
        block_load=NOBODY,
        wrapped_native=NOBODY,
        usd_stablecoin=NOBODY,
        accounts={},
        aave=DemoAave(pool=POOL, addresses_provider=NOBODY, configurator=NOBODY, oracle=NOBODY, data_provider=NOBODY)
        if aave
        else None,
        earning=DemoEarning(savings=SAVINGS, staking=NOBODY) if aave else None,
    )


def lend(seed: int, blocks: int = 600) -> list[list[Transaction]]:
    lenders = Lenders(market(), np.random.default_rng(seed))
    return [lenders.step(PRICES, 2.0) for _ in range(blocks)]


def steps_of(history: list[list[Transaction]]) -> dict[str, list[tuple[str, int, int]]]:
    """Return by account what it asks of the pool, in order: name, token, amount."""
    steps: dict[str, list[tuple[str, int, int]]] = {}
    for transaction in (each for block in history for each in block if each.to == POOL):
        words = [int(transaction.data[at : at + 64], 16) for at in range(10, len(transaction.data), 64)]
        steps.setdefault(transaction.sender, []).append((NAMES[transaction.data[:10]], words[0], words[1]))
    return steps


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_everybody_supplies_borrows_less_pays_back_and_takes_out(seed: int) -> None:
    history = lend(seed)
    assert history == lend(seed)
    value = {int(token.address, 16): PRICES[symbol] / 10**token.decimals for symbol, token in market().tokens.items()}
    traders = {ACCOUNTS[name] for name in TRADERS}
    lent = {int(market().tokens[reserve.symbol].address, 16) for reserve in RESERVES}
    for account, steps in steps_of(history).items():
        assert account in traders
        for place, (name, token, amount) in enumerate(steps):
            assert name == ("supply", "borrow", "repay", "withdraw")[place % 4] and token in lent
            if name == "supply":
                supplied, supplied_usd = token, amount * value[token]
                assert SIZE_RANGE_USD[0] * 0.999 <= supplied_usd <= SIZE_RANGE_USD[1]
            elif name == "borrow":
                borrowed = token
                assert borrowed != supplied and 0 < amount * value[token] <= supplied_usd / 3  # type: ignore[possibly-undefined]
            else:
                assert token == (borrowed if name == "repay" else supplied)  # type: ignore[possibly-undefined]


def test_only_some_are_under_way_and_a_market_without_aave_has_none() -> None:
    steps = steps_of(lend(7))
    assert len(steps) > 2
    lenders = Lenders(market(), np.random.default_rng(1))
    for _ in range(2_000):
        lenders.step(PRICES, 2.0)
        assert len(lenders._under_way) <= MOST_AT_ONCE
    without = Lenders(market(aave=False), np.random.default_rng(1))
    assert [without.step(PRICES, 60.0) for _ in range(100)] == [[]] * 100


def test_the_vault_earns_now_and_then() -> None:
    earned = [each for block in lend(3) for each in block if each.to not in (POOL,) and SAVINGS[2:] in each.data]
    assert earned and {each.sender for each in earned} == {ACCOUNTS["treasury"]}
