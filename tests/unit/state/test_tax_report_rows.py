"""Tax reports as pages show them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from backend.tax.reports.schemas import (
    ChangesRead,
    DisposalRead,
    FigureChange,
    FigureRead,
    FiguresRead,
    FileRead,
    IncomeSum,
    IssueSum,
    LotRead,
    ReportRead,
)
from backend.tax.settings.service import options
from state import tax_report_rows as rows
from state.tax_reports_state import refusals_of

ID, AT = UUID(int=7), datetime(2026, 1, 2, tzinfo=UTC)


def report(**changes: object) -> ReportRead:
    values: dict[str, object] = {
        "id": ID, "year": 2023, "label": "2023", "jurisdiction": "US", "jurisdiction_name": "United States",
        "currency": "USD", "method": "fifo", "wash_sale": False, "per_wallet": None, "format": "all", "state": "done",
        "progress_pct": 100, "step": "done", "number": 2, "supersedes": None, "engine_version": "1",
        "input_hash": "ab" * 32, "is_outdated": False, "transactions": 7, "open_issues": 1,
        "total_gain": Decimal("-12.5"), "message": None, "requested_at": AT, "started_at": AT, "finished_at": AT,
    }  # fmt: skip
    return ReportRead.model_validate(values | changes)


def figures(**changes: object) -> FiguresRead:
    values: dict[str, object] = {
        "label": "2023", "first_day": date(2023, 1, 1), "last_day": date(2023, 12, 31), "timezone": "UTC",
        "figures": [
            FigureRead(name="disposals", title="Disposals", amount=Decimal(1200), exact=Decimal(1200), is_count=True),
            FigureRead(name="net_gain", title="Gains less losses", amount=Decimal("1.5"), exact=Decimal("1.501")),
        ],
        "carried": {"short_term": Decimal(10)}, "notes": [], "warnings": [], "unknown": 0,
        "unknown_proceeds": Decimal(0), "disposals": 2, "incomes": [], "issues": [], "is_for_information": False,
    }  # fmt: skip
    return FiguresRead.model_validate(values | changes)


def test_a_report_that_is_done_shows_its_gain_and_one_under_way_its_step() -> None:
    done = rows.report_row(report())
    assert (done.gain, done.gain_tone, done.open_items, done.progress) == ("\u2212$12.50", "loss", "1 open item", "")
    assert done.summary == "First in, first out (FIFO) · USD · wallets as the law of the place asks"
    running = rows.report_row(report(state="running", step="calculating", progress_pct=40, total_gain=None))
    assert running.is_under_way and running.gain == ""
    assert running.progress == "Matching disposals with what they cost, 40%"
    assert rows.report_row(report(open_issues=0)).open_items == ""


def test_reports_stand_under_their_year_and_place() -> None:
    found = rows.by_year([report(), report(number=1), report(jurisdiction="UK", jurisdiction_name="United Kingdom")])
    assert [(year.title, len(year.reports)) for year in found] == [
        ("United States 2023", 2),
        ("United Kingdom 2023", 1),
    ]


def test_figures_show_counts_as_counts_and_what_is_carried() -> None:
    found = rows.figure_rows(figures(), "EUR")
    assert [(each.title, each.amount) for each in found] == [
        ("Disposals", "1,200"),
        ("Gains less losses", "€1.50"),
        ("Carried: short term", "€10.00"),
    ]


def test_what_it_rests_on_says_how_much_or_that_nobody_knows() -> None:
    def stake(count: int, unknown: int) -> str:
        issue = IssueSum(kind="missing_price", count=count, at_stake=Decimal(5), unknown_stake=unknown)
        return rows.rest_rows(figures(issues=[issue]), "USD")[0].stake

    assert stake(2, 0) == "$5.00 rests on it"
    assert stake(2, 1) == "$5.00 and what nobody knows the worth of (1) rest on it"
    assert stake(2, 2) == "how much rests on it nobody knows"
    assert rows.unknown_text(figures(), "USD") == ""
    some = rows.unknown_text(figures(unknown=3, unknown_proceeds=Decimal(9)), "USD")
    assert some.startswith("3 disposals or incomes") and some.endswith("Received for them: $9.00.")
    assert rows.unknown_text(figures(unknown=1, unknown_proceeds=Decimal(0)), "USD").endswith("about it is unknown.")


@pytest.mark.parametrize(
    ("disposals", "unknown", "of_income", "gain", "income"),
    [(2, 2, (1, 0), "\u2014", "$7.00"), (2, 2, (1, 1), "$1.50", "\u2014"), (0, 0, (0, 0), "$1.50", "$7.00")],
)
def test_a_sum_of_nothing_but_the_unknown_is_no_zero(
    disposals: int, unknown: int, of_income: tuple[int, int], gain: str, income: str
) -> None:
    count, unknown_incomes = of_income
    incomes = [IncomeSum(kind="airdrop", count=count, amount=Decimal(7), unknown=unknown_incomes)] if count else []
    shown = [
        FigureRead(name="net_gain", title="Gains less losses", amount=Decimal("1.5"), exact=Decimal("1.5")),
        FigureRead(name="income", title="Income", amount=Decimal(7), exact=Decimal(7)),
    ]
    found = figures(figures=shown, disposals=disposals, unknown=unknown, incomes=incomes)
    assert [text for _, _, text in rows.tile_texts(found, "USD")] == [gain, income]
    assert rows.figure_rows(found, "USD")[1].amount == income
    assert [row.amount for row in rows.income_rows(found, "USD")] == ([income] if count else [])


def test_a_disposal_of_unknown_basis_shows_no_zero() -> None:
    lot = LotRead(
        lot_id=None, acquired_at=None, acquired_on=None, amount=Decimal("0.05"), lot_amount=None, lot_cost=None,
        cost=None, proceeds=Decimal(1500), gain=None, disallowed=Decimal(0), rule="missing", term=None,
        is_replacement=False,
    )  # fmt: skip
    disposal = DisposalRead(
        number=3, transaction_id=ID, transactions=[str(ID)], asset="BTC", symbol="BT\u202eC", wallet="0x" + "a" * 40,
        disposed_at=AT, disposed_on=AT.date(), kind="sell", amount=Decimal("0.05"), proceeds=Decimal(1500),
        cost_basis=None, gain=None, disallowed=Decimal(0), term=None, is_taxable=True, lots=[lot],
    )  # fmt: skip
    row = rows.disposal_row(disposal, ["one"], "USD")
    assert (row.cost, row.gain, row.tone, row.term, row.symbol) == ("—", "—", "neutral", "", "BTC")
    assert row.wallet_short == "0xaaaa…aaaa" and row.lots[0].acquired == "Nothing says how these were acquired"


def test_changes_show_before_now_and_the_difference() -> None:
    changes = ChangesRead(
        report_id=ID, number=1, is_same=False, why=[], added=0, removed=0, changed=0, disposals=[],
        figures=[
            FigureChange(name="disposals", title="Disposals", before=Decimal(1), after=Decimal(3)),
            FigureChange(name="net_gain", title="Gains less losses", before=Decimal(5), after=Decimal("2.25")),
            FigureChange(name="gone", title="Gone", before=Decimal(5), after=None),
        ],
    )  # fmt: skip
    found = rows.changed_figure_rows(changes, figures(), "USD")
    assert [(each.before, each.amount, each.difference, each.tone) for each in found] == [
        ("1", "3", "+2", "gain"),
        ("$5.00", "$2.25", "\u2212$2.75", "loss"),
        ("$5.00", "—", "", "neutral"),
    ]


def test_what_is_read_comes_before_data_in_the_files() -> None:
    kinds = ("text/csv", "application/zip", "application/pdf", "application/json")
    files = [
        FileRead(name=f"a b{place}", title="t", media_type=kind, size_bytes=1, sha256="x")
        for place, kind in enumerate(kinds)
    ]
    found = rows.file_rows(ID, files)
    assert [each.name for each in found] == ["a b2", "a b1", "a b0", "a b3"]
    assert found[0].is_pdf and found[0].href == f"/v1/tax/reports/{ID}/files/a%20b2"


def test_every_refused_method_has_the_laws_reason_alone() -> None:
    for place in options():
        refused = [each.title for each in place.methods if each.refused]
        told = refusals_of(place)
        assert sorted(title for each in told for title in each.methods.split("; ")) == sorted(refused)
        assert all(each.why.endswith(".") and "Allowed" not in each.why and place.name not in each.why for each in told)


def test_the_official_form_is_read_before_the_statement_attached_to_it() -> None:
    names = ("form-8949-statement.pdf", "form-8949.pdf", "schedule-d.pdf")
    files = [FileRead(name=name, title=name, media_type="application/pdf", size_bytes=1, sha256="") for name in names]
    assert [each.name for each in rows.file_rows(ID, files)] == [names[1], names[2], names[0]]
