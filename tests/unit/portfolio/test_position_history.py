"""What a position's events say of it: against holding by hand, and every reason for not knowing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.ledger.events import Coverage, Event, Kind
from backend.portfolio import position_history as told
from backend.portfolio.schemas import PositionPartRead, PositionRead
from tests.unit.ledger.made import MINE, SHARES, START, STRANGER, A, B, event, leg

PLACES = {A: 0, B: 0}
WHOLE = Coverage(
    wallet=MINE,
    chain_id=1,
    from_block=0,
    to_block=99,
    to_block_at=START,
    native_is_known=True,
    reached_start=True,
    source="chain",
    checked_at=START,
)
LATER = replace(WHOLE, reached_start=False, from_block=1234, to_block=2000)
NAMED = {"pool": SHARES}
ADD = event(1, Kind.LP_ADD, leg(A, -10, 100), leg(B, -1000, 1), leg(SHARES, 100, role="receipt"), identifiers=NAMED)


def part(token: str, amount: int | None, price: int | None, role: str = "principal") -> PositionPartRead:
    return PositionPartRead(
        token=token,
        symbol=None,
        role=role,
        amount_raw=None if amount is None else str(amount),
        amount=None,
        price_usd=None if price is None else Decimal(price),
        price_source="test",
        price_detail=None,
        price_taken_at=None,
        value_usd=None,
    )


def position(*parts: PositionPartRead, **more: Any) -> PositionRead:
    fields: dict[str, Any] = {
        "chain_id": 1,
        "chain": "One",
        "wallet": MINE,
        "protocol": "uniswap_v2",
        "kind": "lp",
        "identifiers": NAMED,
        "value_usd": None,
        "fees_usd": None,
        "health_factor": None,
        "problem": None,
        "block_number": 99,
        "block_hash": "0x1",
        "taken_at": START,
    }
    return PositionRead(**fields | more, parts=list(parts))


NOW = position(part(A, 5, 400), part(B, 2000, 1), part(B, 30, 1, "fees"))


def read(*events: Event, of: PositionRead = NOW, coverage: Coverage | None = WHOLE) -> Any:
    return told.history_read(of, list(events), coverage, PLACES)


def test_against_holding_with_what_was_collected() -> None:
    collect = event(2, Kind.CLAIM, leg(B, 20, 1, role="reward"), identifiers=NAMED)
    found = read(collect, ADD)
    assert found.problem is None
    assert [(move.kind, move.value_usd) for move in found.moves] == [("put_in", 2000), ("collected", 20)]
    assert (found.put_in_usd, found.entered_at) == (2000, ADD.happened_at)
    assert (found.hold_usd, found.position_usd, found.il_usd, found.il_pct) == (5000, 4000, -1000, -20)
    assert (found.fees_usd, found.net_usd) == (50, -950)


def test_what_was_taken_out_is_not_held_any_more() -> None:
    remove = event(3, Kind.LP_REMOVE, leg(A, 5, 400), leg(B, 500, 1), leg(A, 1, 400, role="reward"), identifiers=NAMED)
    found = read(ADD, remove)
    assert [(move.kind, move.value_usd) for move in found.moves][1:] == [("taken_out", 2500), ("collected", 400)]
    assert (found.hold_usd, found.il_usd, found.fees_usd) == (2500, 1500, 430)


@pytest.mark.parametrize(
    ("events", "of", "coverage", "problem"),
    [
        ([ADD], NOW, None, told.NOT_READ),
        ([ADD], NOW, replace(WHOLE, to_block=-1), told.NOT_READ),
        (
            [ADD],
            NOW,
            replace(WHOLE, reached_start=False, from_block=1234, to_block=2000),
            told.STARTS_LATER.format(block="1,234"),
        ),
        ([], NOW, WHOLE, told.NO_ENTRY),
        (
            [ADD, event(2, Kind.TRANSFER, leg(SHARES, 5, counterparty=STRANGER))],
            NOW,
            WHOLE,
            told.BY_TRANSFER,
        ),
        ([ADD], position(part(A, 5, None), part(B, 2000, 1)), WHOLE, told.NO_PRICE),
        ([ADD], position(part(A, 5, 1), part(SHARES, 5, 1)), WHOLE, told.NO_PAIR),
    ],
)
def test_what_is_not_known_says_why(
    events: list[Event], of: PositionRead, coverage: Coverage | None, problem: str
) -> None:
    found = read(*events, of=of, coverage=coverage)
    assert found.problem == problem
    assert found.il_usd is None


def test_a_minted_position_is_known_whole_though_the_history_begins_later() -> None:
    minted = replace(
        ADD, legs=(*ADD.legs[:2], leg(SHARES, 1, token_id=7, role="receipt")), identifiers={"token_id": "7"}
    )
    found = read(
        minted, of=position(*NOW.parts, identifiers={"token_id": "7"}), coverage=replace(WHOLE, reached_start=False)
    )
    assert (found.problem, found.il_usd) == (None, -1000)


def test_a_value_that_is_not_known_makes_the_sum_unknown() -> None:
    found = read(replace(ADD, legs=(leg(A, -10), *ADD.legs[1:])))
    assert (found.put_in_usd, found.il_usd) == (None, -1000)
    assert found.moves[0].amounts[0].value_usd is None


def test_lending_has_moves_and_no_impermanent_loss() -> None:
    supply = event(1, Kind.SUPPLY, leg(A, -10, 100), identifiers=NAMED)
    found = read(supply, of=position(part(A, 11, 100), kind="supply"))
    assert (found.problem, found.il_usd, found.put_in_usd) == (None, None, 1000)


def test_fees_that_stay_in_the_pool_are_no_part_of_the_loss() -> None:
    """Of V2: the root of the product grows by fees alone, here from 100 to 110."""
    grown = position(part(A, 11, 100), part(B, 1_100, 1))
    found = read(ADD, of=grown)
    assert (found.hold_usd, found.position_usd, found.il_usd) == (2_000, 2_000, 0)
    assert (found.fees_usd, found.net_usd) == (200, 200)


def test_a_withdrawal_takes_its_share_of_the_fees_along() -> None:
    half = event(3, Kind.LP_REMOVE, leg(A, 6, 100), leg(B, 600, 1), leg(SHARES, -50, role="receipt"), identifiers=NAMED)
    found = read(ADD, half, of=position(part(A, 6, 100), part(B, 600, 1)))
    assert (found.hold_usd, found.position_usd, found.il_usd) == (1_000, 1_000, 0), "5 and 500 of it were principal"
    assert (found.fees_usd, found.net_usd) == (400, 400)


def test_more_shares_than_were_put_in_leave_the_fees_where_they_are() -> None:
    more = event(
        3, Kind.LP_REMOVE, leg(A, 5, 100), leg(B, 500, 1), leg(SHARES, -101, role="receipt"), identifiers=NAMED
    )
    assert read(ADD, more, of=position(part(A, 5, 100), part(B, 500, 1))).fees_usd == 0
