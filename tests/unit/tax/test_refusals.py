"""What the engine refuses is said with the transaction it is about, and what to do."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from backend.core.ids import derived_id
from backend.ledger.engine.lots import LotChoice
from backend.tax.books import Book
from backend.tax.engine.calculate import Settings
from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.methods import Method
from backend.tax.engine.optimise import NOT_HELD, compare_methods
from backend.tax.optimisation.kept import kept_of
from backend.tax.refusals import RefusedHistoryError, calculated, issue_of
from backend.tax.reports.computing import compute
from backend.tax.review.tasks import _judge
from backend.tax.summary.counting import summarise
from tests.unit.tax.given import buy, day, leg, raw, sell
from tests.unit.tax.test_review_judging import book

FIRST, SECOND, SOLD = (derived_id(name) for name in ("first", "second", "sold"))
SPECIFIC = Settings(jurisdiction="US", methods={1: Method.SPECIFIC})


def chosen(lot: UUID, amount: object, *, of: object = None, at: datetime | None = None) -> TaxEvent:
    choice = (LotChoice(str(lot), raw(amount)),)
    return sell(f"{SOLD}/1", at or day(9), of or amount, 30, choices=choice)


def specific(*events: TaxEvent) -> Book:
    return replace(book(*events), engine=SPECIFIC)


BOUGHT = (buy(str(FIRST), day(0), 2, 10), buy(str(SECOND), day(4), 2, 10))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            specific(*BOUGHT, chosen(FIRST, 3)),
            "You chose 3 XTOK of what came on 1 January 2022 for the sell of 10 January 2022 (3 XTOK, w), but only 2"
            " XTOK of that is left in this wallet by then. Open it under Tax, Transactions, and choose other lots",
        ),
        (specific(*BOUGHT, chosen(SECOND, 1, at=day(2))), "but nothing of that is left in this wallet by then"),
        (specific(*BOUGHT, chosen(derived_id("gone"), 1)), "of a purchase that is not in your book for the sell of"),
        (specific(*BOUGHT, chosen(FIRST, 1, of=2)), "The lots that you chose for the sell of 10 January 2022"),
        (book(*BOUGHT, chosen(FIRST, 1)), "lots can be chosen with specific identification only. Open it under"),
    ],
)
def test_lots_that_cannot_be_taken_name_the_disposal_and_the_way_out(made: Book, said: str) -> None:
    with pytest.raises(RefusedHistoryError) as caught:
        calculated(made)
    error = caught.value
    assert said in error.message
    assert (error.status_code, error.details) == (409, {"transactionId": str(SOLD)})
    issue = issue_of(made, error)
    assert (issue.transaction_id, issue.happened_at) == (SOLD, made.events[-1].at)
    (proposal,) = issue.proposals
    assert proposal.edits[SOLD].choices == ()


def test_an_event_that_cannot_be_and_a_method_the_law_refuses_are_said_too() -> None:
    nothing = TaxEvent(id=str(SOLD), at=day(3), kind=Kind.BUY, wallet="0x" + "ab" * 20, into=(leg("X", 0, 1),))
    for made, said, transaction in (
        (book(*BOUGHT, nothing), "(0 XTOK, 0xabab…abab) cannot be calculated: an amount of X is not above zero", SOLD),
        (replace(book(*BOUGHT), engine=Settings(jurisdiction="GB", methods={1: Method.HIFO})), "choose", None),
        (replace(book(*BOUGHT), engine=Settings(jurisdiction="XX")), "no rules for the place XX", None),
    ):  # fmt: skip
        with pytest.raises(RefusedHistoryError) as caught:
            calculated(made)
        assert said.lower() in caught.value.message.lower()
        assert caught.value.transaction_id == transaction
        assert issue_of(made, caught.value).proposals == ()


def test_wherever_a_book_is_calculated_the_same_is_said() -> None:
    made = specific(*BOUGHT, chosen(FIRST, 3))
    today = datetime(2026, 1, 1, tzinfo=UTC).date()
    for step in (
        lambda: summarise(made, (), today),
        lambda: compute(made, 2022, lambda: None),
        lambda: kept_of(made, made.settings),
    ):
        with pytest.raises(RefusedHistoryError, match="only 2 XTOK of that"):
            step()
    (issue,), done = _judge(made)
    assert done is None
    assert "Nothing can be calculated until this is settled" in issue.message and issue.transaction_id == SOLD


def test_methods_side_by_side_go_on_where_chosen_lots_are_gone_under_one() -> None:
    settings = Settings(jurisdiction="US", methods={1: Method.LIFO, 2023: Method.SPECIFIC})
    events = [*BOUGHT, sell("early", day(9), 2, 30), chosen(FIRST, 2, at=day(400))]
    calculated(replace(book(*events), engine=settings))
    found = {each.method: each for each in compare_methods(events, settings, 2023)}
    assert found[Method.SPECIFIC].result is None and found[Method.SPECIFIC].reason == NOT_HELD
    assert found[Method.FIFO].result is not None
