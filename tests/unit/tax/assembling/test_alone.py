"""An edit of a transaction that stands alone, put into a kept book: what assembling all of it again gives."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from backend.tax.assembling.alone import Entry, bound_of, stands_alone
from backend.tax.assembling.assemble import assemble
from backend.tax.books import Book, IssueKind, TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.optimisation.kept import kept_after, kept_of
from backend.tax.transactions import ChosenLot, Edit
from tests.unit.tax.assembling.test_laws import amounts, histories, worths
from tests.unit.tax.assembling.told import A, K, Table, leg, tx, usd
from tests.unit.tax.given import DAY_ONE, day

PLAIN = [K.BUY, K.SELL, K.SWAP, K.INCOME, K.GIFT_IN, K.GIFT_OUT, K.DONATION, K.SPEND, K.LOSS, K.FEE]
RATES: Any = Table()


def book(entries: list[Entry], place: str = "US", **chosen: Any) -> Book:
    made = assemble(entries, TaxSettings(jurisdiction=place, **chosen), RATES)
    return Book(
        settings=TaxSettings(jurisdiction=place, **chosen), engine=made.engine, events=made.events, issues=made.issues,
        places=made.places, symbols=made.symbols, transactions=len(entries), version=1, as_of=DAY_ONE,
        bound=bound_of(entries),
    )  # fmt: skip


@st.composite
def plain_histories(draw: Any) -> list[Any]:
    """Trades and the like of two assets, among what random histories hold."""
    rows = draw(histories())
    for number in range(101, 101 + draw(st.integers(1, 6))):
        asset, other = draw(st.sampled_from([("ETH", "USDC"), ("ETH", "fiat:USD"), ("BTC", "fiat:USD")]))
        sign, back = draw(st.sampled_from([("", "-"), ("-", "")]))
        sides = [leg(asset, sign + draw(amounts), draw(worths))]
        if draw(st.booleans()):
            sides.append(leg(other, back + draw(amounts), draw(worths)))
        rows.append(tx(number, draw(st.sampled_from(PLAIN)), draw(st.integers(0, 4)), *sides, wallet=A))
    return rows


edits = st.builds(
    Edit,
    kind=st.none() | st.sampled_from([*PLAIN, *PLAIN, K.DEPOSIT, K.IGNORED]),
    worths=st.none() | st.dictionaries(st.integers(0, 1), st.integers(0, 500).map(usd), min_size=1, max_size=2),
    basis=st.none() | st.just(usd(3)),
    acquired_at=st.none() | st.just(day(-40)),
    reason=st.just("so it was"),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(plain_histories(), st.data(), st.sampled_from(["US", "UK", "CA", "JP", "DE"]))
def test_an_edit_put_in_gives_what_all_of_it_anew_gives(rows: list[Any], data: Any, place: str) -> None:
    entries: list[Entry] = [(row, data.draw(st.none() | edits)) if row.id.int > 100 else (row, None) for row in rows]
    before = kept_of(book(entries, place), TaxSettings(jurisdiction=place))
    picked = data.draw(st.sampled_from([row for row in rows if row.id.int > 100]))
    changed = [(row, data.draw(st.none() | edits) if row is picked else edit) for row, edit in entries]
    after = kept_after(before, 2, [entry for entry in changed if entry[0] is picked], RATES)
    event("put in" if after is not None else "all anew")
    if after is None:
        return
    whole = kept_of(book(changed, place), TaxSettings(jurisdiction=place))
    assert list(after.book.events) == list(whole.book.events)
    assert {(each.id, each.kind) for each in after.book.issues} == {(e.id, e.kind) for e in whole.book.issues}
    assert after.history.assess_all(2021, 2023) == whole.history.assess_all(2021, 2023)
    assert repr(after.done.outcome.disposals) == repr(whole.done.outcome.disposals)
    assert after.book.version == 2
    assert before.history.assess_all(2021, 2023) == kept_of(before.book, before.settings).history.assess_all(2021, 2023)


BOUGHT = tx(1, K.BUY, 0, leg("ETH", 2), leg("fiat:USD", -100))
SOLD = tx(2, K.SELL, 1, leg("ETH", -1), leg("fiat:USD", 80))


def test_what_depends_on_others_does_not_stand_alone() -> None:
    assert stands_alone(SOLD, None) and stands_alone(SOLD, Edit(kind=K.SPEND, worths={0: usd(9)}, reason="r"))
    chosen = (ChosenLot(BOUGHT.id, SOLD.legs[1].amount),)
    for more in ({"tx_hash": "0x1"}, {"position": "p"}, {"identifiers": {"pool": "p"}}, {"choices": chosen}):
        assert not stands_alone(replace(SOLD, **more), None)
    for said in (
        {"kind": K.DEPOSIT},
        {"kind": K.IGNORED},
        {"matches": UUID(int=7)},
        {"choices": chosen},
        {"is_separate": True},
    ):
        assert not stands_alone(SOLD, Edit(reason="r", **said))
    assert not stands_alone(replace(SOLD, legs=(leg(f"1:{A}", -1, 5),)), None)


@pytest.mark.parametrize("chosen", [{"methods": {2022: Method.SPECIFIC}}, {"place": "FR"}])
def test_where_one_disposal_rests_on_others_all_is_made_anew(chosen: dict[str, Any]) -> None:
    found = book([(BOUGHT, None), (SOLD, None)], **chosen)
    kept = kept_of(found, found.settings)
    assert kept_after(kept, 2, [(SOLD, Edit(worths={0: usd(90)}, reason="r"))], RATES) is None


def test_an_edit_that_leaves_open_what_it_is_says_so() -> None:
    gift = tx(3, K.GIFT_OUT, 2, leg("ETH", -1, 70))
    kept = kept_of(book([(BOUGHT, None), (gift, None)], "UK"), TaxSettings(jurisdiction="UK"))
    assert not kept.book.issues
    unpriced = replace(gift, legs=(leg("ETH", -1),))
    after = kept_after(kept, 2, [(unpriced, Edit(note="n", reason="r"))], RATES)
    assert after is not None
    assert [each.kind for each in after.book.issues] == [IssueKind.MISSING_PRICE]
