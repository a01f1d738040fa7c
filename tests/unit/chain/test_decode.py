"""The fixed-layout decoder against eth-abi, the slow and obvious version; and against hostile logs."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.chain import decode as decoder
from backend.chain.blocks import Block, Header, Log, ValueTransaction
from backend.chain.decode import Decoded, decode_block, decode_logs
from backend.chain.events import NATIVE_TOKEN, LiquidityChange, PoolSwap, TokenApproval, TokenTransfer

BLOCK = "0x" + "11" * 32
TX = "0x" + "22" * 32
POOL = "0x" + "33" * 20

# Signature, indexed types, data types; copied from the contracts' sources.
EVENTS: dict[str, tuple[str, list[str], list[str]]] = {
    "TRANSFER": ("Transfer(address,address,uint256)", ["address", "address"], ["uint256"]),
    "APPROVAL": ("Approval(address,address,uint256)", ["address", "address"], ["uint256"]),
    "V2_SWAP": (
        "Swap(address,uint256,uint256,uint256,uint256,address)",
        ["address", "address"],
        ["uint256"] * 4,
    ),
    "V2_MINT": ("Mint(address,uint256,uint256)", ["address"], ["uint256", "uint256"]),
    "V2_BURN": ("Burn(address,uint256,uint256,address)", ["address", "address"], ["uint256", "uint256"]),
    "V2_SYNC": ("Sync(uint112,uint112)", [], ["uint112", "uint112"]),
    "V3_SWAP": (
        "Swap(address,address,int256,int256,uint160,uint128,int24)",
        ["address", "address"],
        ["int256", "int256", "uint160", "uint128", "int24"],
    ),
    "V3_MINT": (
        "Mint(address,address,int24,int24,uint128,uint256,uint256)",
        ["address", "int24", "int24"],
        ["address", "uint128", "uint256", "uint256"],
    ),
    "V3_BURN": (
        "Burn(address,int24,int24,uint128,uint256,uint256)",
        ["address", "int24", "int24"],
        ["uint128", "uint256", "uint256"],
    ),
    "V3_COLLECT": (
        "Collect(address,address,int24,int24,uint128,uint128)",
        ["address", "int24", "int24"],
        ["address", "uint128", "uint128"],
    ),
    "V3_INITIALIZE": ("Initialize(uint160,int24)", [], ["uint160", "int24"]),
}


def _log(topics: list[str], data: bytes) -> Log:
    return Log(POOL, tuple(topics), data, TX, 7, 99, BLOCK)


def _run(log: Log) -> Decoded:
    return decode_logs(5, 1_700_000_000, [log], Decoded())


def _reference(name: str, log: Log) -> tuple[Any, ...] | None:
    """Return indexed values then data values by eth-abi, None when it finds the log malformed."""
    _, indexed, plain = EVENTS[name]
    if len(log.topics) != len(indexed) + 1 or len(log.data) != 32 * len(plain):
        return None
    try:
        values = [decode([kind], bytes.fromhex(t[2:]))[0] for kind, t in zip(indexed, log.topics[1:], strict=True)]
        return (*values, *decode(plain, log.data))
    except DecodingError:
        return None


@pytest.mark.parametrize("name", EVENTS)
def test_topics_are_the_hashes_of_the_signatures(name: str) -> None:
    assert getattr(decoder, name) == "0x" + keccak(text=EVENTS[name][0]).hex()


WORD = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**112 - 1).map(lambda n: n.to_bytes(32, "big")),
    st.integers(0, 2**160 - 1).map(lambda n: n.to_bytes(32, "big")),
    st.integers(-(2**23), 2**23 - 1).map(lambda n: (n % 2**256).to_bytes(32, "big")),
    st.integers(-(2**255), 2**255 - 1).map(lambda n: (n % 2**256).to_bytes(32, "big")),
)


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, Log]:
    """A log of a known signature whose words may or may not fit, sometimes with a wrong number of them."""
    name = draw(st.sampled_from(sorted(EVENTS)))
    _, indexed, plain = EVENTS[name]
    topics = [draw(WORD) for _ in range(max(0, len(indexed) + draw(st.sampled_from([0, 0, 0, 0, 1, -1]))))]
    words = [draw(WORD) for _ in range(max(0, len(plain) + draw(st.sampled_from([0, 0, 0, 0, 1, -1]))))]
    data = b"".join(words)[: draw(st.sampled_from([10**6] * 5 + [31]))]
    return name, _log([getattr(decoder, name), *("0x" + topic.hex() for topic in topics)][:4], data)


def _facts(decoded: Decoded) -> dict[str, Any]:
    """Everything that was decoded, by name, for comparing with the reference."""
    facts: dict[str, Any] = {}
    for item in (*decoded.events, *decoded.pool_changes):
        facts |= {field: getattr(item, field) for field in item.__slots__ if getattr(item, field) is not None}
    return facts


EXPECTED: dict[str, Any] = {
    "TRANSFER": lambda s, r, n: {"sender": s, "recipient": r, "amount_raw": n, "token": POOL},
    "APPROVAL": lambda o, s, n: {"owner": o, "spender": s, "amount_raw": n, "token": POOL},
    "V2_SWAP": lambda s, r, in0, in1, out0, out1: {
        "sender": s,
        "recipient": r,
        "amount0_raw": in0 - out0,
        "amount1_raw": in1 - out1,
    },
    "V2_MINT": lambda s, a, b: {"owner": s, "amount0_raw": a, "amount1_raw": b, "added": True},
    "V2_BURN": lambda s, r, a, b: {"owner": r, "amount0_raw": a, "amount1_raw": b, "added": False},
    "V2_SYNC": lambda a, b: {"reserve0": a, "reserve1": b},
    "V3_SWAP": lambda s, r, a, b, price, liquidity, tick: {
        "sender": s,
        "recipient": r,
        "amount0_raw": a,
        "amount1_raw": b,
        "sqrt_price_x96": price,
        "liquidity": liquidity,
        "tick": tick,
        "delta_balance0": a,
        "delta_balance1": b,
    },
    "V3_MINT": lambda o, low, up, s, liquidity, a, b: {
        "owner": o,
        "tick_range": (low, up),
        "delta_liquidity": liquidity,
        "amount0_raw": a,
        "delta_balance1": b,
        "added": True,
    },
    "V3_BURN": lambda o, low, up, liquidity, a, b: {
        "owner": o,
        "tick_range": (low, up),
        "delta_liquidity": -liquidity,
        "amount1_raw": b,
        "delta_balance0": 0,
        "added": False,
    },
    "V3_COLLECT": lambda o, low, up, r, a, b: {"delta_balance0": -a, "delta_balance1": -b},
    "V3_INITIALIZE": lambda price, tick: {"sqrt_price_x96": price, "tick": tick, "liquidity": 0},
}
# Words that the decoder has no use for, and does not judge.
UNUSED = {"V3_COLLECT": {0, 1, 2, 3}}


@settings(max_examples=1500, deadline=None)
@given(logs())
def test_same_as_eth_abi(case: tuple[str, Log]) -> None:
    name, log = case
    reference = _reference(name, log)
    decoded = _run(log)
    if reference is None:
        if name not in UNUSED:
            assert not decoded.events and not decoded.pool_changes
        return
    facts = _facts(decoded)
    for field, value in EXPECTED[name](*reference).items():
        assert facts[field] == value, field


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.binary(min_size=32, max_size=32), max_size=4),
    st.binary(max_size=400),
    st.sampled_from(sorted(EVENTS)) | st.none(),
)
def test_no_log_can_break_it(topics: list[bytes], data: bytes, name: str | None) -> None:
    rendered = ["0x" + topic.hex() for topic in topics]
    if name is not None:
        rendered = [getattr(decoder, name), *rendered[:3]]
    _run(_log(rendered, data))


def _address_topic(number: int) -> str:
    return f"0x{number:064x}"


def test_an_erc721_transfer_is_no_amount() -> None:
    topics = [decoder.TRANSFER, _address_topic(1), _address_topic(2), _address_topic(42)]
    assert not _run(_log(topics, b"")).events
    assert not _run(_log([decoder.APPROVAL, *topics[1:]], b"")).events


def test_ids_name_chain_block_and_log() -> None:
    data = encode(["uint256"], [10])
    (event,) = _run(_log([decoder.TRANSFER, _address_topic(1), _address_topic(2)], data)).events
    assert isinstance(event, TokenTransfer)
    assert event.id == f"5:{BLOCK}:7" and event.sender == "0x" + "0" * 39 + "1"


def test_native_transfers_come_first_and_need_a_recipient() -> None:
    header = Header(99, BLOCK, BLOCK, 1_700_000_000, 1, 1, 1, True)
    log = _log([decoder.TRANSFER, _address_topic(1), _address_topic(2)], encode(["uint256"], [10]))
    transactions = (
        ValueTransaction(TX, 0, "0x" + "1" * 40, None, 5),
        ValueTransaction(TX, 3, "0x" + "1" * 40, "0x" + "2" * 40, 6),
    )
    events = decode_block(5, Block(header, transactions, (log,))).events
    assert [event.id for event in events] == [f"5:{BLOCK}:tx3", f"5:{BLOCK}:7"]
    assert isinstance(events[0], TokenTransfer)
    assert (events[0].token, events[0].amount_raw, events[0].log_index) == (NATIVE_TOKEN, 6, None)


def test_every_kind_of_event_is_reached() -> None:
    """Guards the property tests against deciding nothing."""
    kinds = set()
    for name, (_, indexed, plain) in EVENTS.items():
        log = _log([getattr(decoder, name), *(_address_topic(1) for _ in indexed)], bytes(32 * len(plain)))
        decoded = _run(log)
        assert decoded.events or decoded.pool_changes, name
        kinds |= {type(event) for event in decoded.events}
    assert kinds == {TokenTransfer, TokenApproval, PoolSwap, LiquidityChange}
