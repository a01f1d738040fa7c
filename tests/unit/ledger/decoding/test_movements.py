"""Movements: every standard of tokens, wrapped currencies that log in different ways, and logs that are none."""

import pytest

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.movements import movements_of
from tests.unit.ledger.decoding.build import (
    BATCH,
    BLOCK,
    DEPOSIT,
    FACTS,
    FRIEND,
    ME,
    NFT_TRANSFER,
    NOBODY,
    ROUTER,
    SINGLE,
    TRANSFER,
    TX,
    USDC,
    WETH,
    WITHDRAWAL,
    Make,
)


def moved(make: Make) -> list[tuple[str, str, str, int, int | None]]:
    found = movements_of(make.transaction(), FACTS)
    return [(each.token, each.sender, each.recipient, each.amount_raw, each.token_id) for each in found]


def test_tokens_of_every_standard() -> None:
    make = (
        Make()
        .moved(USDC, ME, FRIEND, 5)
        .log(USDC, NFT_TRANSFER, ME, FRIEND, 77)
        .log(USDC, SINGLE, ROUTER, ME, FRIEND, 8, 3)
        .log(USDC, BATCH, ROUTER, ME, FRIEND, [9, 10, 9], [1, 2, 4])
    )
    assert moved(make) == [
        (USDC, ME, FRIEND, 5, None),
        (USDC, ME, FRIEND, 1, 77),
        (USDC, ME, FRIEND, 3, 8),
        (USDC, ME, FRIEND, 1, 9),
        (USDC, ME, FRIEND, 2, 10),
        (USDC, ME, FRIEND, 4, 9),
    ]


def test_amounts_of_zero_are_none() -> None:
    make = Make().moved(USDC, ME, FRIEND, 0).log(USDC, SINGLE, ME, ME, FRIEND, 8, 0)
    assert moved(make.log(USDC, BATCH, ME, ME, FRIEND, [1], [0])) == []


def test_a_failed_transaction_moves_nothing() -> None:
    assert moved(Make(value_wei=5, succeeded=False).moved(USDC, ME, FRIEND, 5)) == []


def test_weth9_logs_only_what_it_wraps() -> None:
    make = Make(recipient=WETH, value_wei=7).log(WETH, DEPOSIT, ME, 7)
    assert moved(make) == [(NATIVE_TOKEN, ME, WETH, 7, None), (WETH, NOBODY, ME, 7, None)]


def test_a_wrapped_currency_that_also_logs_transfers_counts_once() -> None:
    make = Make(recipient=WETH, value_wei=7).moved(WETH, NOBODY, ME, 7).log(WETH, DEPOSIT, ME, 7)
    assert moved(make) == [(NATIVE_TOKEN, ME, WETH, 7, None), (WETH, NOBODY, ME, 7, None)]
    twice = make.log(WETH, DEPOSIT, ME, 7)  # and another deposit of as much that logged nothing else
    assert moved(twice).count((WETH, NOBODY, ME, 7, None)) == 2


def test_without_traces_wrapping_says_what_was_paid() -> None:
    make = Make(native_is_known=False, recipient=WETH).log(WETH, WITHDRAWAL, ME, 7)
    assert moved(make) == [(NATIVE_TOKEN, WETH, ME, 7, None), (WETH, ME, NOBODY, 7, None)]
    sent = Make(native_is_known=False, recipient=WETH, value_wei=7).log(WETH, DEPOSIT, ME, 7)
    assert moved(sent) == [(NATIVE_TOKEN, ME, WETH, 7, None), (WETH, NOBODY, ME, 7, None)]


def test_with_traces_nothing_is_added_to_them() -> None:
    make = Make(recipient=WETH).moved(NATIVE_TOKEN, WETH, ME, 7).log(WETH, WITHDRAWAL, ME, 7)
    assert moved(make) == [(NATIVE_TOKEN, WETH, ME, 7, None), (WETH, ME, NOBODY, 7, None)]


def test_only_known_contracts_wrap() -> None:
    assert moved(Make().log(USDC, DEPOSIT, ME, 7).log(USDC, WITHDRAWAL, ME, 7)) == []


@pytest.mark.parametrize("damage", ["short", "long", "padding", "topic", "none", "huge", "lengths"])
def test_malformed_logs_move_nothing(damage: str) -> None:
    good = Make().moved(USDC, ME, FRIEND, 5).logs[0]
    batch = Make().log(USDC, BATCH, ME, ME, FRIEND, [1, 2], [3, 4]).logs[0]
    bad = {
        "short": (good.topics, good.data[:31]),
        "long": (good.topics, good.data + b"\0"),
        "padding": ((good.topics[0], "0x" + "f" * 64, good.topics[2]), good.data),
        "topic": (good.topics[:2], good.data),
        "none": ((), good.data),
        "huge": (batch.topics, b"\xff" * 32 + batch.data[32:]),
        "lengths": (batch.topics, batch.data[:64] + (1).to_bytes(32, "big") + batch.data[96:]),
    }[damage]
    assert moved(Make(logs=[Log(USDC, bad[0], bad[1], TX, 0, 99, BLOCK)])) == []


def test_the_declared_transfer_is_the_standard_one() -> None:
    topic = Make().log(USDC, TRANSFER, ME, FRIEND, 5).logs[0].topics[0]
    assert topic == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
