"""The check before anything is handed out: every file is read again, and its totals must be those of the year. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import orjson
from pypdf import PdfReader

from backend.tax.engine.money import money, scaled
from backend.tax.forms.audit import DATA_NAME
from backend.tax.forms.lines import Totals, totals
from backend.tax.forms.records import Artefact, TotalsDifferError
from backend.tax.forms.year import TaxYear

_FOUR = ("(d)", "(e)", "(g)", "(h)")
# Columns of proceeds, cost, adjustment and gain by file; None: the program has no such column.
_COLUMNS: Mapping[str, tuple[str, str, str | None, str | None]] = {
    "disposals.csv": ("proceeds", "cost", "adjustment", "gain"),
    "turbotax.csv": ("Proceeds", "Cost Basis", None, None),
    "taxact.csv": ("Sales Proceeds", "Cost or Other Basis", "Adjustment Amount", None),
    "hr-block.csv": ("Proceeds", "Cost or other basis", "Adjustment amount", "Gain or loss"),
}


def check(year: TaxYear, files: Iterable[Artefact]) -> None:
    """Raise TotalsDifferError when a file, or the engine's exact figures, do not come to the year's totals."""
    sums = totals(year.lines)
    _against_engine(year, sums)
    for file in files:
        if file.name in _COLUMNS:
            _against_csv(file, sums)
        elif file.name == "form-8949.pdf":
            _against_form(file, sums)
        elif file.name == "schedule-d.pdf":
            _against_schedule(year, file, sums)
        elif file.name == "income.csv":
            found = sum((_number(row["value"]) for row in _rows(file)), Decimal(0))
            expected = sum((each.value or Decimal(0) for each in year.rounded.incomes), Decimal(0))
            _same(file.name, "income", found, expected)


def check_data(year: TaxYear, data: bytes) -> None:
    """Raise TotalsDifferError when the figures as data are not those of the lines."""
    figures = {each["name"]: Decimal(each["amount"]) for each in orjson.loads(data)["figures"]}
    sums = totals(year.lines)
    _same(DATA_NAME, "proceeds", figures["proceeds"], sums.proceeds)
    _same(DATA_NAME, "cost", figures["cost"], sums.cost)
    _same(DATA_NAME, "gains less losses", figures["net_gain"], sums.gain)


def _against_engine(year: TaxYear, sums: Totals) -> None:
    """Rounded totals stay within a unit of the exact ones for each group of lines (terms, denied losses apart)."""
    exact = year.rounded.exact
    most = money(4 * year.rounded.unit_e18)
    for name, found in (("proceeds", sums.proceeds), ("cost", sums.cost)):
        if abs(found - exact.amount(name)) > most:
            raise TotalsDifferError(f"The lines' {name} of {found} are not the engine's {exact.amount(name)}.")
    rounded = year.rounded.result
    for name, found in (("proceeds", sums.proceeds), ("cost", sums.cost), ("net_gain", sums.gain)):
        _same("the year's figures", name, rounded.amount(name), found)


def _against_csv(file: Artefact, sums: Totals) -> None:
    names = _COLUMNS[file.name]
    found = [Decimal(0)] * 4
    for row in _rows(file):
        if row.get("counts") == "no":
            continue
        for place, name in enumerate(names):
            if name is not None:
                found[place] += _number(row[name])
    for name, one, other in zip(names, found, _four(sums), strict=True):
        if name is not None:
            _same(file.name, name, one, other)


def _against_form(file: Artefact, sums: Totals) -> None:
    """Add the totals of all pages, and all lines, from the fields of the PDF."""
    lines, last = [Decimal(0)] * 4, [Decimal(0)] * 4
    for label, value in _written(file):
        for place, column in enumerate(_FOUR):
            if f", {column} " in label:
                (last if "totals" in label else lines)[place] += _us_number(value)
    for name, row, total, expected in zip(_FOUR, lines, last, _four(sums), strict=True):
        _same(file.name, f"column {name}", row, expected)
        _same(file.name, f"line 2, column {name}", total, expected)


def _against_schedule(year: TaxYear, file: Artefact, sums: Totals) -> None:
    found = [Decimal(0)] * 4
    lines: dict[str, Decimal] = {}
    for label, value in _written(file):
        if label.startswith("Line "):
            lines[label] = _us_number(value)
            for place, column in enumerate(_FOUR):
                if f", {column} " in label:
                    found[place] += _us_number(value)
    for name, one, other in zip(_FOUR, found, _four(sums), strict=True):
        _same(file.name, f"column {name}", one, other)
    _same(file.name, "line 16", lines.get("Line 16", Decimal(0)), year.figure("net_capital_gain"))
    _same(file.name, "lines 7 and 15", lines["Line 7"] + lines["Line 15"], lines["Line 16"])


def _written(file: Artefact) -> Iterable[tuple[str, str]]:
    """Yield what the fields of a filled form are called and what is in them."""
    for page in PdfReader(io.BytesIO(file.content)).pages:
        annotations: Any = page["/Annots"]
        for reference in annotations:
            widget = reference.get_object()
            if "/TU" in widget:
                yield str(widget["/TU"]), str(widget.get("/V", ""))


def _four(sums: Totals) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    return sums.proceeds, sums.cost, sums.adjustment, sums.gain


def _rows(file: Artefact) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(file.content.decode()))


def _number(text: str) -> Decimal:
    return Decimal(text) if text else Decimal(0)


def _us_number(text: str) -> Decimal:
    if not text:
        return Decimal(0)
    number = Decimal(text.strip("()").replace(",", ""))
    return -number if text.startswith("(") else number


def _same(where: str, what: str, found: Decimal, expected: Decimal) -> None:
    if scaled(found) != scaled(expected):
        raise TotalsDifferError(f"{where}: {what} come to {found}, the year's lines to {expected}. Nothing was made.")
