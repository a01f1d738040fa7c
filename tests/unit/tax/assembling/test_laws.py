"""Laws on random histories: nothing is lost or made up, in any order, and the engine takes all of it."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.tax.assembling.assemble import Assembled
from backend.tax.assembling.writing import ELSEWHERE
from backend.tax.books import IssueKind
from backend.tax.engine.events import Kind
from backend.tax.engine.money import EXACT
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.transactions import TaxTransaction
from tests.unit.tax.assembling.told import A, B, K, Table, figures, issues, leg, put_together, tx
from tests.unit.tax.given import day

ASSETS = ["ETH", "USDC", "1:0x" + "1" * 40]
ONE_SIDED = [
    K.DEPOSIT, K.WITHDRAWAL, K.TRANSFER, K.INCOME, K.GIFT_IN, K.GIFT_OUT, K.DONATION, K.SPEND, K.LOSS, K.FEE, K.BRIDGE,
    K.BORROW, K.REPAY, K.LIQUIDATION, K.STAKE, K.UNSTAKE, K.SUPPLY, K.WITHDRAW, K.LP_ADD, K.LP_REMOVE, K.BUY, K.SELL,
]  # fmt: skip
amounts = st.sampled_from(["1", "2", "0.5", "0.000000000000000001", "1e30", "0.99"])
worths = st.sampled_from([None, 0, 7, 2000])


@st.composite
def legs(draw: Any) -> list[Any]:
    found = []
    for _ in range(draw(st.integers(1, 3))):
        role = draw(st.sampled_from(["principal", "principal", "receipt", "reward"]))
        sign = draw(st.sampled_from(["", "-"]))
        asset = draw(st.sampled_from([*ASSETS, "fiat:USD"]))
        found.append(leg(asset, sign + draw(amounts), draw(worths), role=role))
    return found


@st.composite
def histories(draw: Any) -> list[TaxTransaction]:
    rows = []
    for number in range(1, draw(st.integers(1, 10)) + 1):
        kind = draw(st.sampled_from([*ONE_SIDED, K.SWAP, K.WRAP]))
        fees = (leg(draw(st.sampled_from(["ETH", "fiat:USD"])), "0.01", draw(worths)),) if draw(st.booleans()) else ()
        rows.append(
            tx(
                number, kind, draw(st.integers(0, 4)), *draw(legs()), fees=fees,
                wallet=draw(st.sampled_from([A, B, "w"])),
                to_wallet=draw(st.sampled_from([None, B])) if kind is K.TRANSFER else None,
                position=draw(st.sampled_from([None, "p"])), sequence=draw(st.integers(0, 2)),
            )
        )  # fmt: skip
    return rows


Sums = Counter[tuple[str, str]]


def moved(made: Assembled) -> Sums:
    """What events changed of each wallet of the user, by asset; claims and positions are no legs."""
    sums: Sums = Counter()
    for each in made.events:
        to = each.to_wallet if each.kind is Kind.TRANSFER else each.wallet
        for one in each.into:
            sums[to or "", one.asset] += one.amount_raw
        for one in each.out:
            sums[each.wallet, one.asset] -= one.amount_raw
        for fee in each.fees:
            if fee.asset is not None:
                sums[each.wallet, fee.asset] -= fee.amount_raw
    made_up = ("position:", "claim:")
    return Counter(
        {key: units for key, units in sums.items() if key[0] in (A, B, "w") and not key[1].startswith(made_up)}
    )


def told(rows: list[TaxTransaction]) -> Sums:
    sums: Sums = Counter()
    for each in rows:
        for one in each.legs:
            sums[each.wallet, one.asset] += int(one.amount.scaleb(18))
        for fee in each.fees:
            sums[each.wallet, fee.asset] -= int(fee.amount.scaleb(18))
    return Counter({key: units for key, units in sums.items() if not key[1].startswith("fiat:")})


def both_ways(row: TaxTransaction) -> bool:
    return len({one.amount > 0 for one in row.legs}) == 2


HARD = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@HARD
@given(histories(), st.booleans(), st.booleans())
def test_all_that_moved_is_in_the_events_and_nothing_else(rows: list[TaxTransaction], lends: bool, pools: bool) -> None:
    """Apart from what is no asset (debt tokens), what only one side tells, and tokens that grew by themselves."""
    strange = (K.BORROW, K.REPAY, K.LIQUIDATION)
    grows = (K.WITHDRAW, K.UNSTAKE)
    rows = [
        each
        for each in rows
        if each.kind not in strange and each.to_wallet is None and not (each.kind in grows and both_ways(each))
    ]
    made = put_together(rows, lending_is_disposal=lends, liquidity_is_disposal=pools)
    difference = moved(made)
    difference.subtract(told(rows))
    assert {key: units for key, units in difference.items() if units} == {}


@HARD
@given(histories(), st.randoms())
def test_the_order_of_rows_makes_no_difference(rows: list[TaxTransaction], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert put_together(rows) == put_together(shuffled)


@pytest.mark.parametrize("place", sorted(all_jurisdictions()))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=histories(), flags=st.booleans())
def test_every_place_takes_every_history(place: str, rows: list[TaxTransaction], flags: bool) -> None:
    made = put_together(rows, jurisdiction=place, lending_is_disposal=flags, liquidity_is_disposal=not flags)
    done = figures(made)
    done.assess_all(2021, 2023)
    assert len({each.id for each in made.issues}) == len(made.issues)
    assert all(each.at_stake is None or each.at_stake >= 0 for each in made.issues)


@HARD
@given(histories())
def test_what_the_engine_lacks_is_what_the_issues_say_is_missing(rows: list[TaxTransaction]) -> None:
    """Counted per wallet, as in Germany: units without a lot are those of the shortages."""
    made = put_together(rows, jurisdiction="DE")
    short = {(each.wallet, each.asset) for each in issues(made, IssueKind.NEGATIVE_BALANCE)}
    for disposal in figures(made).outcome.disposals:
        if disposal.wallet != ELSEWHERE and any(part.lot is None for part in disposal.parts):
            assert (disposal.wallet, disposal.asset) in short


@HARD
@given(histories())
def test_a_proposal_settles_what_it_is_of(rows: list[TaxTransaction]) -> None:
    made = put_together(rows)
    for open_ in made.issues:
        if open_.kind not in (IssueKind.MISSING_PRICE, IssueKind.UNMATCHED_TRANSFER):
            continue
        for proposal in open_.proposals[:3]:
            settled = put_together(rows, {key.int: edit for key, edit in proposal.edits.items()})
            if not any(len(each.legs) > 1 for each in rows if each.id in proposal.edits):
                assert open_.id not in {each.id for each in settled.issues}, proposal


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=2, max_size=8))
def test_a_transfer_of_everything_keeps_units_and_basis(parts: list[tuple[int, int]]) -> None:
    """Bought in parts, sent in parts, sold at once elsewhere: all is known, and nothing is left."""
    rows = [
        tx(n, K.BUY, n / 100, leg("ETH", size), leg("fiat:USD", -size), wallet=A)
        for n, (size, _) in enumerate(parts, 1)
    ]
    whole = sum(size for size, _ in parts)
    for n, (size, hours) in enumerate(parts, 1):
        rows.append(tx(100 + n, K.WITHDRAWAL, 10 * n, leg("ETH", -size), wallet=A))
        rows.append(tx(200 + n, K.DEPOSIT, 10 * n + hours / 24, leg("ETH", size), wallet="w"))
    rows.append(tx(999, K.SELL, 500, leg("ETH", -whole), leg("fiat:EUR", 3 * whole), wallet="w"))
    made = put_together(rows, jurisdiction="DE", currency="EUR", rates=Table(USD="1"))
    assert made.issues == []
    (disposal,) = figures(made).outcome.disposals
    assert disposal.gain == 2 * whole
    assert {part.lot.acquired_at.date() for part in disposal.parts if part.lot} == {day(0).date()}


def test_dust_and_endless_supplies() -> None:
    rows = [
        tx(1, K.BUY, 0, leg("A", "1e30"), leg("fiat:USD", -5)),
        tx(2, K.SELL, 1, leg("A", "-1e-18"), leg("fiat:USD", 0)),
        tx(3, K.SELL, 2, leg("A", EXACT.subtract(Decimal("1e-18"), Decimal("1e30"))), leg("fiat:USD", 6)),
    ]
    made = put_together(rows)
    assert sum(each.gain or 0 for each in figures(made).outcome.disposals) == 1
    assert (figures(made).outcome.held, made.issues) == ([], [])


def test_a_disposal_before_the_purchase_is_unknown_and_said() -> None:
    rows = [tx(1, K.SELL, 0, leg("A", -1), leg("fiat:USD", 9)), tx(2, K.BUY, 1, leg("A", 1), leg("fiat:USD", -5))]
    made = put_together(rows)
    assert [each.gain for each in figures(made).outcome.disposals] == [None]
    assert [each.at_stake for each in made.issues] == [9]


def test_kinds_are_all_taken() -> None:
    for kind in K:
        made = put_together([tx(1, kind, 0, leg("A", -1, 1), leg("B", 1, 1))])
        assert (made.events == []) is (kind is K.IGNORED)
        assert all(isinstance(each.kind, Kind) for each in made.events)
