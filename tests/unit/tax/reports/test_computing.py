"""A year's report out of a book: the same everywhere and every time, and in words what the engine says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import orjson
import pytest

from backend.tax.assembling.assemble import engine_settings
from backend.tax.books import Book, Issue, IssueKind, TaxSettings
from backend.tax.engine.calculate import calculate
from backend.tax.engine.explain import explain
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.forms.rounding import rounded_year
from backend.tax.reports.computing import Computed, TotalsError, check_totals, compute, report_json
from backend.tax.reports.inputs import differences
from backend.tax.reports.lines import disposal_of, units_text
from backend.tax.reports.words import explained
from tests.unit.tax.given import buy, fee, income, leg, on, sell, swap

IDS = [str(UUID(int=number)) for number in range(1, 12)]
EVENTS = (
    buy(IDS[0], on("2022-02-01"), "1.5", 3000, fee="1.25"),
    buy(IDS[1], on("2022-06-01"), 2, 2500),
    income(IDS[2], on("2023-01-05"), "0.333333333333333333", 700),
    sell(IDS[3], on("2023-03-01"), 2, 7000, fee=3),
    swap(IDS[4] + "/1", on("2023-05-01"), [leg("X", "0.7", 900)], [leg("Y", 3, 900)]),
    sell(IDS[5], on("2023-05-02"), 1, 400, asset="Y"),
    sell(IDS[6], on("2023-07-01"), 5, 4000),  # more than there is: the rest has no basis
    income(IDS[7], on("2023-08-01"), 1, None),
    sell(IDS[8], on("2022-07-01"), "0.1", 10),
    buy(IDS[9], on("2023-07-10"), 1, 1000),
)


def book(place: str = "US", method: Method | None = None, **more: object) -> Book:
    rules = all_jurisdictions()[place]
    settings = TaxSettings(
        jurisdiction=place, currency=rules.currency, methods={} if method is None else {2023: method}
    )
    values = {
        "settings": settings, "engine": engine_settings(settings), "events": EVENTS, "issues": (), "places": {},
        "symbols": {"X": "XYZ"}, "transactions": 10, "version": 1, "as_of": datetime(2024, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return Book(**{**values, **more})  # type: ignore[arg-type]


def computed(of: Book, year: int = 2023) -> Computed:
    return compute(of, year, lambda: None)


@pytest.mark.parametrize("place", all_jurisdictions())
def test_disposals_sum_to_the_figures_in_every_place_and_method(place: str) -> None:
    for method in all_jurisdictions()[place].methods:
        found = computed(book(place, method))
        taxed = [line for line in found.lines if line.is_taxable]
        lots = [lot for line in taxed for lot in line.lots if None not in (lot["cost"], lot["proceeds"])]
        sums = {name: sum((Decimal(lot[name]) for lot in lots), Decimal(0)) for name in ("proceeds", "cost")}
        told = {figure.name: figure.exact for figure in found.figures.figures}
        assert {name: told[name] for name in sums} == sums
        assert told["disposals"] == len(taxed)


def test_a_sum_that_is_off_by_the_last_digit_is_not_given_out() -> None:
    found = computed(book())
    line = next(line for line in found.lines if line.lots[0]["cost"] is not None)
    lot = {**line.lots[0], "cost": str(Decimal(line.lots[0]["cost"]) + Decimal("1e-18"))}
    lines = [replace(line, lots=(lot, *line.lots[1:])) if each is line else each for each in found.lines]
    with pytest.raises(TotalsError, match="cost of the year is"):
        check_totals(lines, rounded_year(found.done, 2023).exact)


def test_only_the_year_is_told_and_losses_come_from_the_years_before() -> None:
    found = computed(book("US"))
    assert [line.number for line in found.lines] == [1, 2, 3, 4]
    assert all(line.disposed_on.year == 2023 for line in found.lines)
    amount = found.figures.figure
    assert amount("net_short_term").amount - amount("short_term_gain").amount == Decimal(0)
    before = computed(book("US"), 2022).figures
    assert before.disposals == 1
    carried = computed(replace(book("US"), events=(*EVENTS, sell(IDS[10], on("2022-07-02"), "3.3", 1)))).figures
    own = carried.figure("short_term_gain").amount
    assert carried.figure("net_short_term").amount < own


def test_the_unknown_is_said_and_in_no_figure() -> None:
    found = computed(book("US"))
    last = found.lines[-1]
    assert (last.gain, last.cost) == (None, None) and last.proceeds == "4000"
    assert last.lots[-1] == {**last.lots[-1], "lotId": None, "cost": None, "gain": None, "rule": "missing"}
    assert found.figures.unknown == 2
    [staking] = found.figures.incomes
    assert (staking.count, staking.unknown, staking.amount) == (2, 1, Decimal(700))


@pytest.mark.parametrize("place", ["US", "UK", "CA", "DE", "FR", "IE", "JP"])
def test_what_is_stored_reads_in_words_as_the_engine_says_it(place: str) -> None:
    of = book(place)
    found, done = computed(of), calculate(of.events, of.engine)
    of_year = [each for each in done.outcome.disposals if found.result.first_day <= each.day <= found.result.last_day]
    kept = {"methods": {}, "washSale": False, "timezone": None}
    for line, disposal in zip(found.lines, of_year, strict=True):
        expected = [text.replace(" X", " XYZ") for text in explain(done, disposal, {})]
        assert explained(kept, place, of.settings.currency, _Stored(line)) == expected


class _Stored:
    """A line as the database gives it back."""

    def __init__(self, line) -> None:
        for name in ("symbol", "wallet", "disposed_at", "disposed_on", "kind", "is_taxable"):
            setattr(self, name, getattr(line, name))
        for name in ("amount", "proceeds", "cost", "disallowed"):
            value = getattr(line, name)
            setattr(self, name, None if value is None else Decimal(value))
        self.parts = orjson.loads(orjson.dumps(line.parts))


def test_a_stored_disposal_is_the_engines_again() -> None:
    found = computed(book())
    originals = [each for each in found.done.outcome.disposals if each.day.year == 2023]
    for line, disposal in zip(found.lines, originals, strict=True):
        again, _ = disposal_of(_Stored(line))
        assert (again.gain, again.cost, again.proceeds, again.day) == (
            disposal.gain, disposal.cost, disposal.proceeds, disposal.day,
        )  # fmt: skip


def test_the_same_book_makes_the_same_bytes_in_any_order_of_its_events() -> None:
    one, other = book(), book(events=tuple(reversed(EVENTS)), as_of=datetime(2025, 5, 5, tzinfo=UTC), version=9)
    first, second = computed(one), computed(other)
    assert report_json(first, one, 2023, "fifo") == report_json(second, other, 2023, "fifo")
    assert first.inputs == second.inputs
    another = computed(replace(one, symbols={"X": "Other"}))
    assert another.inputs.hash != first.inputs.hash
    assert computed(one, 2022).inputs.hash != first.inputs.hash


def test_the_file_lists_every_disposal_with_proceeds_basis_gain_term_and_lots() -> None:
    of = book()
    told = orjson.loads(report_json(computed(of), of, 2023, "fifo"))
    assert told["inputHash"] and told["engineVersion"] and told["method"] == "fifo"
    [first, *_] = told["disposals"]
    assert first["transactionId"] == IDS[3] and first["symbol"] == "XYZ"
    assert (first["amount"], first["proceeds"], first["costBasis"], first["term"]) == (
        "2",
        "6997",
        "3551.166666666666666667",
        "mixed",
    )
    assert [lot["lotId"] for lot in first["lots"]] == [IDS[0], IDS[1]]
    assert [each["value"] for each in told["income"]] == ["700", None]
    assert told["disposals"][1]["transactions"] == [IDS[4] + "/1"]


def test_what_is_open_up_to_the_end_of_the_year_is_counted_with_what_rests_on_it() -> None:
    def issue(kind: IssueKind, at: str | None, stake: str | None) -> Issue:
        return Issue(
            id=uuid4(), kind=kind, message="m", happened_at=None if at is None else on(at),
            at_stake=None if stake is None else Decimal(stake),
        )  # fmt: skip

    issues = (
        issue(IssueKind.MISSING_PRICE, "2023-05-01", "10.5"),
        issue(IssueKind.MISSING_PRICE, "2022-05-01", None),
        issue(IssueKind.MISSING_PRICE, "2024-05-01", "99"),
        issue(IssueKind.INCOMPLETE_HISTORY, None, "3"),
    )
    found = computed(book(issues=issues))
    sums = {each.kind: (each.count, each.at_stake, each.unknown_stake) for each in found.figures.issues}
    assert sums == {"missing_price": (2, Decimal("10.5"), 1), "incomplete_history": (1, Decimal(3), 0)}
    assert found.open_issues == 3


def test_another_currency_than_the_laws_is_for_information() -> None:
    of = book("US")
    found = computed(replace(of, settings=replace(of.settings, currency="EUR")))
    assert found.figures.is_for_information
    assert "for information, not for a return" in found.figures.warnings[0]
    assert not computed(of).figures.is_for_information and computed(of).figures.warnings == []
    assert "Nothing was disposed of" in computed(of, 2021).figures.warnings[0]


def test_who_stops_is_heard_between_the_steps() -> None:
    class Enough(Exception):
        pass

    def stop() -> None:
        raise Enough

    with pytest.raises(Enough):
        compute(book(), 2023, stop)


def test_transactions_that_came_went_or_changed_are_found_by_their_digests() -> None:
    before = computed(book()).inputs.digests
    events = (*EVENTS[:3], replace(EVENTS[3], fees=fee(4)), *EVENTS[5:], buy(IDS[10], on("2023-12-01"), 1, 1))
    found = differences(before, computed(book(events=events)).inputs.digests)
    assert found.changed == {UUID(IDS[3])} and found.removed == {UUID(IDS[4])} and found.added == {UUID(IDS[10])}


@pytest.mark.parametrize(
    ("units", "places", "text"),
    [
        (0, 18, "0"),
        (-5, 1, "-0.5"),
        (10**18, 18, "1"),
        (123, 0, "123"),
        (120, 2, "1.2"),
        (-1, 18, "-0." + "0" * 17 + "1"),
    ],
)
def test_units_read_exactly(units: int, places: int, text: str) -> None:
    assert units_text(units, places) == text
    assert Decimal(text) == Decimal(units).scaleb(-places)


def test_a_tax_year_that_does_not_begin_in_january() -> None:
    found = computed(book("UK"), 2023)
    assert found.figures.label == "2023/24" and found.figures.first_day == date(2023, 4, 6)
    assert found.lines[0].disposed_on >= date(2023, 4, 6)
