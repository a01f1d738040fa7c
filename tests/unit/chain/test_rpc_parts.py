"""The breaker's states, the parsing of answers, the naming of providers."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.rpc.errors import (
    RpcError,
    RpcGarbageError,
    RpcMissingError,
    RpcResponseError,
    RpcThrottledError,
    from_error_object,
)
from backend.chain.rpc.transport import parse, provider_label
from backend.core.breaker import Breaker, BreakerState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.try_enter()
        breaker.failed()


def test_it_opens_after_failures_in_a_row_and_closes_after_a_good_probe() -> None:
    clock = Clock()
    breaker = Breaker(threshold=3, first_seconds=1, clock=clock)
    _fail(breaker, 2)
    breaker.succeeded()
    _fail(breaker, 2)
    assert breaker.state is BreakerState.CLOSED, "a success in between starts the count again"
    _fail(breaker)
    assert breaker.state is BreakerState.OPEN and not breaker.try_enter()
    clock.now += 1.0
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.try_enter() and not breaker.try_enter(), "one probe decides"
    breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED and breaker.try_enter()


def test_each_failed_probe_keeps_it_open_longer() -> None:
    clock = Clock()
    breaker = Breaker(threshold=1, first_seconds=1, longest_seconds=6, clock=clock)
    waits = []
    for _ in range(5):
        _fail(breaker)
        waits.append(breaker.reopens_in_seconds)
        clock.now += waits[-1]
    assert waits == [1, 2, 4, 6, 6]


def test_a_cancelled_probe_lets_the_next_one_through() -> None:
    clock = Clock()
    breaker = Breaker(threshold=1, clock=clock)
    _fail(breaker)
    clock.now += 1
    assert breaker.try_enter()
    breaker.abandoned()
    assert breaker.state is BreakerState.HALF_OPEN and breaker.try_enter()


def test_a_trip_opens_at_once_and_for_longer_each_time() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    breaker.trip(30)
    assert breaker.reopens_in_seconds == 30 and not breaker.try_enter()
    breaker = Breaker(clock=clock)
    waits = []
    for _ in range(3):
        breaker.trip(5, doubling=True)
        waits.append(breaker.reopens_in_seconds)
    assert waits == [5, 10, 20]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": -32005, "message": "daily request count exceeded, request rate limited"}, RpcThrottledError),
        ({"code": 429, "message": "slow"}, RpcThrottledError),
        ({"code": -32000, "message": "Too Many Requests"}, RpcThrottledError),
        ({"code": -32005, "message": "query returned more than 10000 results"}, RpcResponseError),
        ({"code": -32000, "message": "header not found"}, RpcMissingError),
        ({"code": -32000, "message": "missing trie node abc"}, RpcMissingError),
        ({"code": 3, "message": "execution reverted", "data": "0x"}, RpcResponseError),
        ({"code": -32601, "message": "the method x does not exist/is not available"}, RpcResponseError),
        ({"code": "3", "message": "x"}, RpcGarbageError),
        ("boom", RpcGarbageError),
    ],
)
def test_error_objects_are_told_apart(error: Any, kind: type[RpcError]) -> None:
    assert type(from_error_object(error)) is kind


def _answer(identity: Any, result: Any = "0x1") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def test_answers_are_put_in_the_order_of_the_questions() -> None:
    body = orjson.dumps([_answer(8, "b"), _answer(7, "a"), _answer(9, None)])
    assert parse(body, 7, 3) == ["a", "b", None]
    assert parse(orjson.dumps(_answer(7)), 7, 1) == ["0x1"]


@pytest.mark.parametrize(
    "answer",
    [
        [_answer(7), _answer(7)],
        [_answer(7), _answer(9)],
        [_answer(7)],
        _answer(7),
        [_answer(7), _answer("8")],
        [_answer(7), _answer(True)],
        [_answer(7), {"id": 8}],
        [_answer(7), 5],
        None,
        "ok",
    ],
)
def test_an_answer_to_other_questions_is_garbage(answer: Any) -> None:
    with pytest.raises(RpcGarbageError):
        parse(orjson.dumps(answer), 7, 2)


@given(st.binary(max_size=60))
def test_any_bytes_give_results_or_garbage(body: bytes) -> None:
    with suppress(RpcError):
        parse(body, 1, 1)


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef", "https://mainnet.infura.io"),
        ("wss://user:secret@node.example:8546/path?key=1", "wss://node.example:8546"),
        ("https://0123456789abcdef0123456789abcdef.rpc.example/", "https://***.rpc.example"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
    ],
)
def test_a_providers_name_holds_no_key(url: str, label: str) -> None:
    assert provider_label(url) == label
