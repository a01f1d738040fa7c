"""The door: what providers send becomes types or a typed error."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chain import blocks
from backend.chain.rpc.errors import RpcError, RpcGarbageError, RpcLieError, RpcMissingError

HASH, OTHER, ADDRESS = "0x" + "aa" * 32, "0x" + "bb" * 32, "0x" + "cc" * 20
RAW: dict[str, Any] = {
    "number": "0x10",
    "hash": HASH,
    "parentHash": OTHER,
    "timestamp": "0x65",
    "baseFeePerGas": "0x7",
    "gasUsed": "0x1",
    "gasLimit": "0x2",
    "logsBloom": "0x" + "0" * 511 + "1",
    "transactions": [
        {
            "hash": OTHER,
            "blockHash": HASH,
            "transactionIndex": "0x0",
            "from": ADDRESS.upper().replace("X", "x"),
            "to": None,
            "value": "0x5",
        }
    ],
}


def test_a_header_is_read_and_compared_with_what_was_asked() -> None:
    header = blocks.parse_header(RAW, number=16, block_hash=HASH)
    assert header == blocks.Header(16, HASH, OTHER, 101, 7, 1, 2, True)
    with pytest.raises(RpcLieError):
        blocks.parse_header(RAW, number=17)
    with pytest.raises(RpcLieError):
        blocks.parse_header(RAW, block_hash=OTHER)
    with pytest.raises(RpcMissingError):
        blocks.parse_header(None)


@pytest.mark.parametrize("change", [{"timestamp": "0x" + "f" * 20}, {"number": "0x" + "f" * 20}])
def test_a_time_or_number_beyond_all_reason_is_garbage(change: dict[str, str]) -> None:
    with pytest.raises(RpcGarbageError):
        blocks.parse_header({**RAW, **change})


@pytest.mark.parametrize(
    ("bloom", "expected"), [("00" * 256, False), ("ff" * 256, None), ("01" * 256, True), ("", None)]
)
def test_a_bloom_says_whether_there_are_logs(bloom: str, expected: bool | None) -> None:
    assert blocks.parse_header({**RAW, "logsBloom": "0x" + bloom}).has_logs is expected


@pytest.mark.parametrize("text", ["", "0x", "16", "0x1_0", "0x 1", "-0x1", "0xg", None, 16, True, "\uff10x1"])
def test_a_quantity_is_nothing_but_hexadecimal(text: Any) -> None:
    with pytest.raises(RpcGarbageError):
        blocks.quantity(text)


@pytest.mark.parametrize("text", ["0x1", "0x 1 ", "1234", "0xzz", None, 5])
def test_bytes_are_nothing_but_hexadecimal(text: Any) -> None:
    with pytest.raises(RpcGarbageError):
        blocks.hex_bytes(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([HASH, ADDRESS, "0x1", "0x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RAW, "topics", "data"]), inner),
    max_leaves=8,
)


@given(JSON, st.dictionaries(st.sampled_from(sorted(RAW)), JSON))
def test_any_json_gives_types_or_a_typed_error(whole: Any, changes: dict[str, Any]) -> None:
    header = blocks.parse_header(RAW)
    for raw in (whole, {**RAW, **changes}):
        for parse in (
            blocks.parse_header,
            blocks.parse_logs,
            lambda raw: blocks.parse_receipt(raw, header),
            lambda raw: blocks.parse_transactions(raw if isinstance(raw, dict) else {}, header),
        ):
            try:
                parse(raw)
            except RpcError:
                continue


def _log(index: int, block_hash: str = HASH) -> blocks.Log:
    return blocks.Log(ADDRESS, (OTHER,), b"", OTHER, index, 16, block_hash)


def test_logs_must_be_the_blocks_own() -> None:
    header = blocks.parse_header(RAW)
    assert [log.log_index for log in blocks.logs_of_block([_log(3), _log(1)], header)] == [1, 3]
    with pytest.raises(RpcLieError):
        blocks.logs_of_block([_log(1, OTHER)], header)
    with pytest.raises(RpcLieError):
        blocks.logs_of_block([_log(1), _log(1)], header)
    with pytest.raises(RpcMissingError):
        blocks.logs_of_block([], header)


def test_only_transactions_that_succeeded_moved_value() -> None:
    header = blocks.parse_header(RAW)
    transactions = blocks.parse_transactions(RAW, header)
    created = blocks.Receipt(OTHER, True, ADDRESS)
    (settled,) = blocks.settle(transactions, {OTHER: created})
    assert (settled.sender, settled.recipient, settled.value_wei) == (ADDRESS, ADDRESS, 5)
    assert blocks.settle(transactions, {OTHER: blocks.Receipt(OTHER, False, None)}) == ()
    with pytest.raises(RpcMissingError):
        blocks.settle(transactions, {})
