"""What is filled into events, and what stays unknown."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.chain.events import NATIVE_TOKEN, Event, PoolSwap, TokenTransfer
from backend.chain.follow.enrich import enrich
from backend.chain.follow.ports import Valuation
from backend.chain.registry import Currency
from backend.chain.tokens import Token

TOKEN, POOL, HASH = "0x" + "1" * 40, "0x" + "2" * 40, "0x" + "3" * 64
ETHER = Currency("Ether", "ETH", 18)


def transfer(token: str, amount_raw: int) -> TokenTransfer:
    return TokenTransfer(
        id="x",
        chain_id=1,
        block_number=1,
        block_hash=HASH,
        taken_at=1,
        tx_hash=HASH,
        log_index=1,
        token=token,
        sender=TOKEN,
        recipient=TOKEN,
        amount_raw=amount_raw,
    )


def enriched(event: Event, decimals: int | None = 6, price: str | None = "2", verified: bool = True) -> Event:
    value = None if price is None else Valuation(Decimal(price), "a pool")
    (result,) = enrich(
        [event],
        ETHER,
        lambda address: Token(address, "TKN", None, decimals),
        lambda token: value,
        lambda pool: verified,
    )
    return result


def test_symbol_amount_and_worth() -> None:
    event = enriched(transfer(TOKEN, 1_500_000))
    assert isinstance(event, TokenTransfer)
    assert (event.symbol, event.amount, event.value_usd, event.price_source) == (
        "TKN",
        Decimal("1.5"),
        Decimal(3),
        "a pool",
    )
    native = enriched(transfer(NATIVE_TOKEN, 10**17))
    assert isinstance(native, TokenTransfer)
    assert (native.symbol, native.amount, native.value_usd) == ("ETH", Decimal("0.1"), Decimal("0.2"))


@pytest.mark.parametrize(("decimals", "price"), [(None, "2"), (6, None)])
def test_what_is_unknown_stays_unknown(decimals: int | None, price: str | None) -> None:
    event = enriched(transfer(TOKEN, 1_500_000), decimals, price)
    assert isinstance(event, TokenTransfer)
    assert event.value_usd is None and event.price_source is None
    assert (event.amount is None) is (decimals is None)


@example(8768470, 0, Decimal("17677.638886526971542726"))
@given(st.integers(0, 2**256 - 1), st.integers(0, 77), st.decimals("1e-18", "1e39", allow_nan=False, places=18))
def test_no_amount_breaks_it_and_no_sum_beyond_all_money_is_believed(
    amount: int, decimals: int, price: Decimal
) -> None:
    event = enriched(transfer(TOKEN, amount), decimals, str(price))
    assert isinstance(event, TokenTransfer)
    with localcontext(prec=100):  # the usual 28 digits would round what is compared
        exact = amount * int(price.scaleb(18)) // 10**decimals
        if event.value_usd is None:
            assert exact >= 10**31
        else:
            assert exact <= 10**31 and abs(event.value_usd - Decimal(exact).scaleb(-18)) <= Decimal("1e-17")


def test_pools_that_nobody_vouches_for_are_said_to_be_so() -> None:
    swap = PoolSwap(
        id="x",
        chain_id=1,
        block_number=1,
        block_hash=HASH,
        taken_at=1,
        tx_hash=HASH,
        log_index=1,
        pool=POOL,
        protocol="uniswap_v2",
        sender=TOKEN,
        recipient=TOKEN,
        amount0_raw=1,
        amount1_raw=-1,
    )
    assert enriched(swap) == swap
    unverified = enriched(swap, verified=False)
    assert isinstance(unverified, PoolSwap) and unverified.protocol == "unverified"
