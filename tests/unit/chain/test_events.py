"""Events travel through a stream entry without losing a digit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.events import (
    BlockOrphaned,
    LiquidityChange,
    Occurrence,
    PoolSwap,
    PriceUpdate,
    Reading,
    TokenApproval,
    TokenTransfer,
    decode_entry,
    encode_entry,
)

BASE = {"chain_id": 1, "block_number": 7, "block_hash": "0x" + "ab" * 32, "taken_at": 1_700_000_000}
big = st.integers(min_value=-(2**255), max_value=2**256 - 1)
exact = st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=0, max_value=Decimal("1e40"))


@given(big, big, exact, st.text(max_size=20))
def test_every_kind_survives_the_way(a: int, b: int, value: Decimal, symbol: str) -> None:
    tx = {"tx_hash": "0x" + "cd" * 32, "log_index": 3}
    events = [
        TokenTransfer(
            id="t", **BASE, **tx, token="0x1", sender="0x2", recipient="0x3", amount_raw=a, symbol=symbol,
            amount=value, value_usd=value, price_source=symbol,
        ),
        PoolSwap(id="s", **BASE, **tx, pool="0x1", protocol="uniswap_v3", sender="0x2", recipient="0x3",
                 amount0_raw=a, amount1_raw=b, sqrt_price_x96=abs(a), liquidity=abs(b), tick=-5),
        LiquidityChange(id="l", **BASE, **tx, pool="0x1", protocol="uniswap_v2", added=True, owner="0x2",
                        amount0_raw=a, amount1_raw=b),
        TokenApproval(id="a", **BASE, **tx, token="0x1", owner="0x2", spender="0x3", amount_raw=a),
        PriceUpdate(id="p", **BASE, token="0x1", symbol=symbol, price_usd=value, previous_price_usd=None, source="x",
                    changes={300: (None, value), 3600: (value, -value)}),
        Reading(id="r", **BASE, metric="gas.base_fee_gwei", subject="", value=value, previous_value=-value,
                previous_taken_at=5, source=symbol, changes={600: (None, -value)}, label=symbol, tx_hash=None,
                details={symbol: symbol}),
        Reading(id="r2", **BASE, metric="m", subject="s", value=value, previous_value=None, previous_taken_at=None,
                source="x"),
        Occurrence(id="c", **BASE, **tx, topic="pool.liquidity_removed", subject="0x1", value=value, label=None,
                   source="log", details={"title": symbol, "sharePct": str(value)}),
        Occurrence(id="c2", **BASE, topic="schedule.due", subject="rule", source="clock"),
        BlockOrphaned(id="o", **BASE),
    ]  # fmt: skip
    fields = {key.encode(): item for key, item in encode_entry(events, 1.25).items()}
    assert decode_entry(fields) == (events, 1.25)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {b"e": b"[]"},
        {b"e": b"{", b"at": b"1"},
        {b"e": b'[{"kind":"nope"}]', b"at": b"1"},
        {b"e": b"[1]", b"at": b"1"},
    ],
)
def test_garbage_is_a_value_error(entry: dict[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="malformed"):
        decode_entry(entry)


def test_events_are_immutable() -> None:
    event = BlockOrphaned(id="o", **BASE)
    with pytest.raises(AttributeError):
        event.id = "other"  # type: ignore[misc]
    assert replace(event, id="n").id == "n"
