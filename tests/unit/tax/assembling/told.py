"""Short ways to tell transactions, for tests of assembling."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.tax.assembling.assemble import Assembled, Gap, assemble
from backend.tax.books import Issue, IssueKind, TaxSettings
from backend.tax.engine.calculate import Calculation, calculate
from backend.tax.engine.events import TaxEvent
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.unit.tax.given import day

K = TransactionKind
A, B, C = "0x" + "a" * 40, "0x" + "b" * 40, "0x" + "c" * 40


class Table:
    """Rates of every day, as they are given."""

    def __init__(self, **rates: str) -> None:
        self._rates = {currency: Decimal(rate) for currency, rate in rates.items()}

    def rate(self, currency: str, day: date) -> Decimal | None:
        del day
        return self._rates.get(currency)


def usd(value: object, source: str = "file", currency: str = "USD") -> Worth:
    return Worth(Decimal(str(value)), currency, source)


def leg(asset: str, amount: object, worth: object = None, **more: Any) -> TaxLeg:
    told = worth if isinstance(worth, Worth) or worth is None else usd(worth)
    return TaxLeg(asset, more.pop("symbol", asset.split(":")[-1]), Decimal(str(amount)), told, **more)


def tx(number: int, kind: TransactionKind, at: datetime | float, *legs: TaxLeg, **more: Any) -> TaxTransaction:
    """A transaction: `at` is a time, or days after the first."""
    when = at if isinstance(at, datetime) else day(0) + timedelta(days=at)
    more.setdefault("wallet", "w")
    return TaxTransaction(
        id=UUID(int=number), source=more.pop("source", "file"), happened_at=when, kind=kind, legs=tuple(legs), **more
    )


def put_together(
    transactions: Iterable[TaxTransaction],
    edits: Mapping[int, Edit] | None = None,
    rates: Table | None = None,
    gaps: Sequence[Gap] = (),
    **settings: Any,
) -> Assembled:
    by_id = {UUID(int=number): edit for number, edit in (edits or {}).items()}
    entries = [(each, by_id.get(each.id)) for each in transactions]
    return assemble(entries, TaxSettings(**settings), rates or Table(), gaps)


def figures(made: Assembled) -> Calculation:
    return calculate(made.events, made.engine)


def event(made: Assembled, number: int, part: int = 0) -> TaxEvent:
    name = f"{UUID(int=number)}/{part}" if part else str(UUID(int=number))
    return next(each for each in made.events if each.id == name)


def events(made: Assembled, number: int) -> list[TaxEvent]:
    return [each for each in made.events if each.id.startswith(str(UUID(int=number)))]


def kinds(made: Assembled) -> list[str]:
    return [each.kind.value for each in made.events]


def issues(made: Assembled, kind: IssueKind) -> list[Issue]:
    return [each for each in made.issues if each.kind is kind]


def gains(made: Assembled) -> dict[int, Decimal | None]:
    """The gain of each disposal, by the number of its transaction."""
    found: dict[int, Decimal | None] = {}
    for each in figures(made).outcome.disposals:
        found[UUID(each.event_ids[0].partition("/")[0]).int] = each.gain
    return found
