"""The rows of a file, made when they are looked at: what each says in words, its cells and its transactions. Pure."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import overload

from backend.tax.files.numbers import plain, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import Row
from backend.tax.files.sheet import Sheet
from backend.tax.transactions import TaxLeg, TaxTransaction


class Rows(Sequence[Row]):
    """A sequence of rows that holds where they stand, not their cells."""

    def __init__(self, sheet: Sheet, readings: Readings) -> None:
        self._sheet, self._readings = sheet, readings
        self._starts, self._ends = sheet.starts, sheet.ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(place, slice):
            return tuple(self._row(at) for at in range(*place.indices(len(self))))
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._row(place % len(self))

    def __iter__(self) -> Iterator[Row]:
        return (self._row(at) for at in range(len(self)))

    def _row(self, at: int) -> Row:
        line, transactions = self._starts[at], self._readings.transactions
        ids = tuple([transactions[place].id for place in self._readings.places_of(line)])
        return Row(line, ids, partial(self._told, at))

    def _told(self, at: int) -> tuple[dict[str, str], str]:
        line, columns = self._starts[at], self._sheet.columns
        cells = self._sheet.table.cells_at(line, self._ends[at])
        made = [self._readings.transactions[place] for place in self._readings.places_of(line)]
        says = self._readings.says.get(line) or "; ".join(in_words(each) for each in made)
        says = says or self._readings.doubts.get(line) or "Nothing is imported"
        return {column: cells[place] if place < len(cells) else "" for place, column in enumerate(columns)}, says


def in_words(transaction: TaxTransaction) -> str:
    """Return what a transaction is, in a line: `Buy: 1 BTC for 100 EUR, fee 1 EUR`."""
    went = " and ".join(_amount(each) for each in transaction.legs if each.amount < 0)
    came = " and ".join(_amount(each) for each in transaction.legs if each.amount > 0)
    paid = " and ".join(_amount(each) for each in transaction.fees)
    name = transaction.kind.value.replace("_", " ").capitalize().replace("Lp ", "Liquidity ")
    if transaction.income:
        name = f"Income ({transaction.income.value})"
    if transaction.kind.value == "sell":
        what = f"{went} for {came}" if went and came else went
    elif went and came:
        what = f"{came} for {went}" if transaction.kind.value != "transfer" else went
    else:
        what = went or came
    if transaction.to_wallet:
        what = f"{what} to {transaction.to_wallet}"
    fee = f"fee {paid}" if paid else ""
    return f"{name}: {', '.join(part for part in (what, fee) if part)}"


def _amount(leg: TaxLeg) -> str:
    return f"{plain(positive(leg.amount))} {leg.symbol}"
