"""What rests on an issue, and what only computing shows."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from backend.core.ids import derived_id
from backend.tax.books import Book, Issue, IssueKind, TaxSettings
from backend.tax.engine.calculate import Settings, calculate
from backend.tax.engine.events import TaxEvent
from backend.tax.review.judging import judged
from tests.unit.tax.given import buy, day, income, sell

ONE, TWO, SOLD = derived_id("one"), derived_id("two"), derived_id("sold")


def book(*events: TaxEvent, issues: tuple[Issue, ...] = (), jurisdiction: str = "US") -> Book:
    return Book(
        settings=TaxSettings(),
        engine=Settings(jurisdiction=jurisdiction),
        events=events,
        issues=issues,
        places={},
        symbols={"X": "XTOK"},
        transactions=len(events),
        version=1,
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )


def of(made: Book) -> list[Issue]:
    return judged(made, calculate(made.events, made.engine).outcome)


def issue(kind: IssueKind, transaction: UUID, at_stake: object = None, wallet: str = "w") -> Issue:
    stake = None if at_stake is None else Decimal(str(at_stake))
    return Issue(
        id=derived_id(kind, transaction),
        kind=kind,
        message="m",
        transaction_id=transaction,
        asset="X",
        wallet=wallet,
        at_stake=stake,
    )


def test_on_a_deposit_rests_what_its_units_were_sold_for():
    events = (
        buy(str(ONE), day(1), 2, None),
        buy(str(TWO), day(2), 5, 50),
        sell(f"{SOLD}/1", day(3), 1, 30),
        sell(f"{SOLD}/2", day(4), 2, 80),
    )
    open_ = issue(IssueKind.UNMATCHED_TRANSFER, ONE, 999)
    assert [each.at_stake for each in of(book(*events, issues=(open_,)))] == [Decimal(70)]
    # Nothing was sold: what assembling says holds.
    assert of(book(*events[:2], issues=(open_,))) == [open_]


def test_what_was_received_and_is_unknown_is_not_made_up():
    events = (buy(str(ONE), day(1), 2, None), sell(str(SOLD), day(3), 1, None))
    open_ = issue(IssueKind.UNMATCHED_TRANSFER, ONE, 5)
    assert of(book(*events, issues=(open_,))) == [open_]


def test_issues_that_are_about_no_cost_keep_their_weight():
    events = (income(str(ONE), day(1), 2, None), sell(str(SOLD), day(3), 1, 9))
    open_ = replace(issue(IssueKind.UNVOUCHED_ASSET, ONE, 5))
    assert open_ in of(book(*events, issues=(open_,)))


def test_a_sale_of_what_never_came_is_an_issue_once_a_wallet():
    events = (sell(str(SOLD), day(3), 1, 30), sell(str(TWO), day(4), 1, 12))
    (found,) = of(book(*events))
    assert (found.kind, found.transaction_id, found.at_stake) == (IssueKind.NEGATIVE_BALANCE, SOLD, Decimal(42))
    assert "XTOK" in found.message and found.wallet == "w"
    assert of(book(*events))[0].id == found.id
    known = issue(IssueKind.NEGATIVE_BALANCE, SOLD, 7)
    assert of(book(*events, issues=(known,))) == [replace(known, at_stake=Decimal(42))]


def test_pools_lead_to_no_transaction_and_do_no_harm():
    events = (buy(str(ONE), day(1), 2, None), sell(str(SOLD), day(3), 1, 30))
    open_ = issue(IssueKind.UNMATCHED_TRANSFER, ONE, 5)
    found = of(book(*events, issues=(open_,), jurisdiction="CA"))
    assert found == [open_]
