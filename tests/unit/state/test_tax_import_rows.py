"""What the import page shows: every meaning has its words, cells find their way back, refused lines their fields."""

from backend.core.ids import new_id
from backend.core.settings import ROOT
from backend.tax.files.reading import detect, read_file
from backend.tax.imports.schemas import ImportLine
from backend.tax.imports.service import MEANINGS
from components.i18n import catalogue
from state.tax_import_rows import cell_name, counted, fix_row, line_row, place_of

COLUMNS = ["timestamp", "amount", "note"]


def line(**more: object) -> ImportLine:
    problem = {"column": "amount", "reason": "amount is no number.", "is_fatal": True}
    values = {"line": 1_234, "status": "refused", "cells": {"timestamp": "2024", "amount": "x", "note": ""}, "says": ""}
    return ImportLine.model_validate({**values, "problems": [problem], "transaction_ids": [], **more})


def test_every_meaning_of_a_column_has_words() -> None:
    assert [name for name in MEANINGS if f"tax_import.meaning_{name}" not in catalogue()] == []


def test_the_cell_to_blame_comes_first_and_the_field_finds_it_again() -> None:
    row = fix_row(line(), COLUMNS)
    assert (row.line, row.reason) == ("1,234", "amount is no number.")
    assert [(cell.label, cell.value) for cell in row.blamed] == [("amount", "x")]
    assert [cell.label for cell in row.others] == ["timestamp", "note"]
    assert place_of(row.blamed[0].name) == (1_234, 1)
    assert [place_of(name) for name in ("leave_out", "cell-1", "cell-a-1", "cell-1-2-3", "cell-1-" + "9" * 12)] == [
        None
    ] * 5
    assert place_of(cell_name(2, 0)) == (2, 0)


def test_a_line_that_has_no_cells_offers_none_to_correct() -> None:
    problem = {"column": None, "reason": "A quote is not closed.", "is_fatal": True}
    row = fix_row(line(cells={}, problems=[problem]), COLUMNS)
    assert (row.blamed, row.others, row.reason) == ([], [], "A quote is not closed.")


def test_a_line_says_what_it_becomes_and_leaves_empty_cells_out() -> None:
    row = line_row(line(status="new", says="Buy: 1 ETH", problems=[]))
    assert (row.says, row.text, row.problem, row.tone) == ("Buy: 1 ETH", "2024 · x", "", "gain")
    assert [cell.name for cell in row.cells] == ["timestamp", "amount"]
    assert counted("tax_import.brings", 1) == "Brings 1 transaction"
    assert counted("tax_import.brings", 1_000) == "Brings 1,000 transactions"


def test_the_template_that_the_page_offers_is_read_whole() -> None:
    content = (ROOT / "assets" / "templates" / "tax-transactions.csv").read_bytes()
    found = detect(content, "tax-transactions.csv")
    read = read_file(content, found.source, account="Template", user_id=new_id())
    assert (found.source, found.is_sure, read.problems) == ("generic", True, ())
    assert len(read.transactions) == 5
