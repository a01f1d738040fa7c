"""Where a format puts what it reads: transactions with ids that come out the same every time, and problems. Pure.

An id is made of the user, the source, the account, and the exchange's own id; where it has none, of what happened
(time, word, amounts, fees, wallet, hash), counted where the same happens more than once. So the order of rows, an
export that overlaps with another, other columns or another way to write numbers give the same ids.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset
from backend.tax.files.numbers import EXACT, positive
from backend.tax.files.records import CellError, RowProblem
from backend.tax.files.sheet import Line
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth

_NOTE_LENGTH = 500
_shortest = EXACT.normalize  # the same text for equal amounts, however they were written
_VERSION_5 = 0x5 << 76 | 0x2 << 62
_REST_OF_5 = ((1 << 128) - 1) & ~(0xF << 76) & ~(0x3 << 62)


def leg(asset: Asset, amount: Decimal, worth: Worth | None = None, counterparty: str | None = None) -> TaxLeg:
    """Return a leg of a transaction: what came above zero, what went below."""
    if counterparty is not None and counterparty[:2] in ("0x", "0X"):
        counterparty = counterparty.lower()
    return TaxLeg(asset.asset, asset.symbol, amount, worth, "principal", counterparty)


class Readings:
    """All that is read of a file. `known` are ids by lines, of the same file before it was corrected: they stay."""

    def __init__(
        self, user_id: UUID, source: str, title: str, account: str, import_id: UUID | None = None,
        known: Mapping[tuple[int, ...], list[UUID]] | None = None,
    ) -> None:  # fmt: skip
        self.account = account
        self.worth_source = f"file: {title}"
        self.transactions: list[TaxTransaction] = []
        self.problems: list[RowProblem] = []
        self.says: dict[int, str] = {}
        self.doubts: dict[int, str] = {}
        self.made_of: dict[int, int | list[int]] = {}
        self._import_id = import_id
        self._known = known
        self._taken = {each for ids in known.values() for each in ids} if known else set()
        self._own_ids: dict[str, tuple[int, str]] = {}
        self._start = hashlib.sha1(f"{user_id}|{source}|{account}|".encode(), usedforsecurity=False)
        self._counts: dict[bytes, int] = {}

    def worth(self, amount: Decimal, currency: str, at: datetime | None = None) -> Worth:
        """Return what the file says that something was worth."""
        return Worth(positive(amount), currency, self.worth_source, at)

    def said_by_file(self, said: tuple[Decimal, str] | None) -> Worth | None:
        """Return the same of an amount and its currency, None for None."""
        return None if said is None else Worth(positive(said[0]), said[1], self.worth_source)

    def add(
        self, lines: Sequence[int], at: datetime, kind: TransactionKind, legs: tuple[TaxLeg, ...], *, word: str = "",
        own_id: str | None = None, fees: tuple[TaxLeg, ...] = (), income: IncomeKind | None = None,
        wallet: str | None = None, to_wallet: str | None = None, tx_hash: str | None = None, note: str = "",
        chain_id: int | None = None, position: str | None = None, problem: str | None = None,
        basis: Worth | None = None, acquired_at: datetime | None = None, portfolio_worth: Worth | None = None,
        protocol: str | None = None, identifiers: Mapping[str, str] | None = None, sequence: int = 0,
    ) -> None:  # fmt: skip
        """Add a transaction that was read of some lines, by the order that ids need: see the module."""
        place = len(self.transactions)
        wallet = wallet or self.account
        for meaning, text, most in (("tx_hash", tx_hash, 100), ("wallet", wallet, 120), ("to_wallet", to_wallet, 120)):
            if text and len(text) > most:
                raise CellError(meaning, f"is longer than {most} characters")
        tx_hash = tx_hash.lower() if tx_hash and tx_hash[:2] in ("0x", "0X") else tx_hash or None
        amounts = ";".join([f"{each.asset} {_shortest(each.amount)}" for each in legs])
        paid = ";".join([f"{each.asset} {_shortest(each.amount)}" for each in fees]) if fees else ""
        identity = f"{at.isoformat()}|{word}|{amounts}|{paid}|{wallet}|{to_wallet or ''}|{tx_hash or ''}"
        if own_id:
            if self._is_repeated(own_id, identity, lines):
                return
            identity = f"id|{own_id}"
        self.transactions.append(
            TaxTransaction(
                id=self._id_of(tuple(lines), identity), source="file", happened_at=at, kind=kind, wallet=wallet,
                legs=legs, fees=fees, to_wallet=to_wallet, income=income, tx_hash=tx_hash, import_id=self._import_id,
                line=lines[0], note=note[:_NOTE_LENGTH], problem=problem,
                chain_id=chain_id, position=position, basis=basis,
                acquired_at=acquired_at, portfolio_worth=portfolio_worth,
                protocol=protocol, identifiers=identifiers, sequence=sequence,
            )
        )  # fmt: skip
        for line in lines:
            before = self.made_of.setdefault(line, place)
            if before is not place:
                self.made_of[line] = [*before, place] if isinstance(before, list) else [before, place]

    def _is_repeated(self, own_id: str, content: str, lines: Sequence[int]) -> bool:
        """Return whether an exchange's id was there before with the same content; with another, raise CellError."""
        line, before = self._own_ids.setdefault(own_id, (lines[0], content))
        if line == lines[0]:
            return False
        if before != content:
            raise CellError("id", f"The id {own_id[:60]} stands on line {line} already, with other amounts")
        for each in lines:
            self.skip(each, f"The same as line {line}: nothing is imported twice")
        return True

    def _id_of(self, lines: tuple[int, ...], identity: str) -> UUID:
        waiting = self._known.get(lines) if self._known is not None else None
        if waiting:
            return waiting.pop(0)
        digest = self._start.copy()
        digest.update(identity.encode())
        key = first = digest.digest()
        while True:
            count = self._counts.get(first, 0)
            self._counts[first] = count + 1
            if count:
                again = digest.copy()
                again.update(f"|{count}".encode())
                key = again.digest()
            new = UUID(int=int.from_bytes(key[:16], "big") & _REST_OF_5 | _VERSION_5)
            if new not in self._taken:
                return new

    def in_order_of_lines(self) -> None:
        """Put transactions in the order of the lines that they begin on: groups are made when the file ends."""
        before = self.transactions
        order = sorted(range(len(before)), key=lambda place: before[place].line or 0)
        if all(place == at for at, place in enumerate(order)):
            return
        self.transactions = [before[place] for place in order]
        new = {place: at for at, place in enumerate(order)}
        for line, made in self.made_of.items():
            self.made_of[line] = [new[place] for place in made] if isinstance(made, list) else new[made]

    def places_of(self, line: int) -> Sequence[int]:
        """Return the places of the transactions that a line is part of."""
        made = self.made_of.get(line)
        return () if made is None else made if isinstance(made, list) else (made,)

    def ids_by_lines(self) -> dict[tuple[int, ...], list[UUID]]:
        """Return the ids by the lines that they were made of, for `known` of the same file corrected."""
        lines_of: dict[int, list[int]] = {}
        for line in self.made_of:
            for place in self.places_of(line):
                lines_of.setdefault(place, []).append(line)
        result: dict[tuple[int, ...], list[UUID]] = {}
        for place, lines in lines_of.items():
            result.setdefault(tuple(lines), []).append(self.transactions[place].id)
        return result

    def skip(self, line: int, says: str) -> None:
        """Say why nothing is made of a line that is understood."""
        self.says[line] = says

    def doubt(self, line: Line, meaning: str | None, reason: str) -> None:
        """Say something about a line that was read, or is left out on purpose."""
        self.problems.append(RowProblem(line.number, line.sheet.column(meaning), reason, is_fatal=False))
        self.doubts[line.number] = reason

    def refuse(self, line: Line, error: CellError) -> None:
        """Say why a line could not be read."""
        column = line.sheet.column(error.meaning)
        self.refuse_line(line.number, column, _sentence(error.reason, column))

    def refuse_line(self, line: int, column: str | None, reason: str) -> None:
        """Say the same of a line's number."""
        self.problems.append(RowProblem(line, column, reason, is_fatal=True))
        self.says[line] = f"Not read: {reason}"


def _sentence(reason: str, column: str | None) -> str:
    text = f"{column} {reason}" if column and reason.startswith(("is ", "holds ")) else reason
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def is_content(line: Line, out: Readings) -> bool:
    """Return whether a line is to be read; totals, a repeated header and lines longer than the header are set aside."""
    if len(line.cells) > len(line.sheet.columns) and any(
        cell.strip() for cell in line.cells[len(line.sheet.columns) :]
    ):
        out.refuse_line(
            line.number, None,
            "The line has more cells than the header: is there a text or number with the delimiter in it, "
            "without quotes around it?",
        )  # fmt: skip
        return False
    if line.cells[0][:1].isdigit():
        return True
    if line.is_total:
        out.skip(line.number, "A line of totals: nothing is imported")
        return False
    if line.is_header_again:
        out.skip(line.number, "The header again: nothing is imported")
        return False
    return True
