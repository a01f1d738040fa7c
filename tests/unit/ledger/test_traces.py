"""What calls inside of a transaction moved: only what was not reverted, by them or above them."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.events import NATIVE_TOKEN
from backend.chain.rpc.errors import RpcGarbageError
from backend.ledger.importing.traces import inner_movements, parse_traces, reverted
from backend.ledger.transactions import Movement

WALLET, OTHER = "0x" + "11" * 20, "0x" + "22" * 20


def call(place: list[int], value: int, sender: str = OTHER, to: str = WALLET, **more: Any) -> dict[str, Any]:
    kind = more.pop("call_type", "call")
    action = {"from": sender, "to": to, "callType": kind, "value": hex(value), "gas": "0x1", "input": "0x"}
    return {
        "type": "call",
        "action": action,
        "result": {"gasUsed": "0x1", "output": "0x"},
        "traceAddress": place,
        "blockNumber": 5,
        "transactionHash": "0x" + "aa" * 32,
        **more,
    }


def moved(raw: list[dict[str, Any]]) -> list[int]:
    traces = parse_traces(raw)
    return [each.amount_raw for each in inner_movements(traces, WALLET, reverted(traces))]


def test_only_calls_that_stand_move_anything():
    raw = [
        call([], 100),  # the transaction's own value is counted elsewhere
        call([0], 1),
        call([1], 2, error="Reverted"),
        call([1, 0], 4),  # fine by itself, undone with the one above
        call([2], 8, call_type="delegatecall"),  # another's code: the value is the caller's own
        call([2, 0, 3], 16),
        call([3], 32, sender=WALLET, to=OTHER),
        call([4], 64, sender=OTHER, to=OTHER),
        call([5], 0),
        {**call([6], 128), "type": "reward", "action": {"author": WALLET, "value": "0x80", "rewardType": "block"}},
    ]
    assert moved(raw) == [1, 16, 32]
    assert moved([call([], 100, error="Reverted"), *raw[1:]]) == []


def test_creations_and_ends_of_contracts_move_value_too():
    create = {**call([0], 0), "type": "create", "action": {"from": WALLET, "value": "0x5", "gas": "0x1", "init": "0x"}}
    create["result"] = {"address": OTHER, "code": "0x", "gasUsed": "0x1"}
    end = {**call([1], 0), "type": "suicide", "result": None}
    end["action"] = {"address": OTHER, "refundAddress": WALLET, "balance": "0x7"}
    traces = parse_traces([create, end])
    assert inner_movements(traces, WALLET, reverted(traces)) == (
        Movement(token=NATIVE_TOKEN, sender=WALLET, recipient=OTHER, amount_raw=5),
        Movement(token=NATIVE_TOKEN, sender=OTHER, recipient=WALLET, amount_raw=7),
    )


def test_what_concerns_a_wallet():
    def concerns(raw: dict[str, Any]) -> bool:
        return parse_traces([raw])[0].concerns(WALLET)

    assert concerns(call([], 0)) and concerns(call([1], 1)) and concerns(call([1], 0, sender=WALLET, to=OTHER))
    assert not concerns(call([1], 0))  # somebody only asks the wallet's contract something
    assert not concerns(call([1], 1, call_type="delegatecall")) and not concerns(call([], 1, to=OTHER))


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [None],
        [{}],
        [{**call([0], 1), "traceAddress": "0"}],
        [{**call([0], 1), "traceAddress": ["0"]}],
        [{**call([0], 1), "blockNumber": "0x5"}],
        [{**call([0], 1), "type": "other"}],
        [{**call([0], 1), "transactionHash": "0x1"}],
        [{**call([0], 1), "action": {"from": WALLET, "to": "0x1", "value": "0x1", "callType": "call"}}],
        [{**call([0], 1), "action": {"from": WALLET, "to": OTHER, "value": "1", "callType": "call"}}],
    ],
)
def test_garbage_is_refused(wrong: Any):
    with pytest.raises(RpcGarbageError):
        parse_traces(wrong)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_anything_is_read_or_refused(raw: Any):
    with suppress(RpcGarbageError):
        assert isinstance(parse_traces(raw), list)


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 2), max_size=4), st.booleans()), max_size=12, unique_by=lambda x: tuple(x[0])
    )
)
def test_reverting_is_as_the_slow_way_says(tree: list[tuple[list[int], bool]]):
    raw = [call(place, 1, **({"error": "Reverted"} if failed else {})) for place, failed in tree]
    bad = [tuple(place) for place, failed in tree if failed]
    slow = sum(1 for place, _ in tree if place and not any(tuple(place[: len(each)]) == each for each in bad))
    assert len(moved(raw)) == slow
