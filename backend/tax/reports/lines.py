"""Disposals of a calculation as a report keeps them: exact numbers as text, lots beside them, and back again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.core.formats import iso
from backend.tax.engine.calculate import Calculation
from backend.tax.engine.events import Kind
from backend.tax.engine.money import EXACT, PLACES, scaled_or_none
from backend.tax.engine.results import Disposal, Lot, Part, Rule

SYMBOL_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One disposal as it is stored and written to files. Numbers are exact text, None where nobody knows."""

    number: int
    transaction_id: UUID | None
    asset: str
    symbol: str
    wallet: str
    disposed_at: datetime
    disposed_on: date
    kind: str
    amount: str
    proceeds: str | None
    cost: str | None
    gain: str | None
    disallowed: str
    term: str | None
    is_taxable: bool
    events: tuple[str, ...]
    lots: tuple[dict[str, Any], ...]

    @property
    def parts(self) -> dict[str, Any]:
        """What is stored beside the figures."""
        return {"events": self.events, "term": self.term, "lots": self.lots}

    @property
    def told(self) -> dict[str, Any]:
        """The disposal as the API and `report.json` tell it."""
        return {
            "number": self.number,
            "transactionId": None if self.transaction_id is None else str(self.transaction_id),
            "transactions": self.events,
            "asset": self.asset,
            "symbol": self.symbol,
            "wallet": self.wallet,
            "disposedAt": iso(self.disposed_at),
            "disposedOn": self.disposed_on.isoformat(),
            "kind": self.kind,
            "amount": self.amount,
            "proceeds": self.proceeds,
            "costBasis": self.cost,
            "gain": self.gain,
            "disallowed": self.disallowed,
            "term": self.term,
            "isTaxable": self.is_taxable,
            "lots": self.lots,
        }


def lines_of(
    done: Calculation, disposals: Sequence[Disposal], places: Mapping[str, int], symbols: Mapping[str, str]
) -> list[Line]:
    """Return disposals as lines, numbered from 1. `places` are the decimals of assets, `symbols` how they are shown."""
    return [
        _line(done, disposal, number, places.get(disposal.asset, PLACES), symbols.get(disposal.asset, disposal.asset))
        for number, disposal in enumerate(disposals, 1)
    ]


def _line(done: Calculation, disposal: Disposal, number: int, places: int, symbol: str) -> Line:
    terms = [done.rules.term(part, disposal.day) for part in disposal.parts]
    known = {term.value for term in terms if term is not None}
    return Line(
        number=number,
        transaction_id=transaction_of(disposal.event_ids[0]),
        asset=disposal.asset,
        symbol=symbol[:SYMBOL_LENGTH],
        wallet=disposal.wallet,
        disposed_at=disposal.at,
        disposed_on=disposal.day,
        kind=disposal.kind.value,
        amount=units_text(disposal.amount_raw, places),
        proceeds=money_text(disposal.proceeds_e18),
        cost=money_text(disposal.cost_e18),
        gain=money_text(disposal.gain_e18),
        disallowed=units_text(disposal.disallowed_e18, PLACES),
        term="mixed" if len(known) > 1 else next(iter(known), None),
        is_taxable=disposal.is_taxable,
        events=disposal.event_ids,
        lots=tuple(
            _lot(part, None if term is None else term.value, places)
            for part, term in zip(disposal.parts, terms, strict=True)
        ),
    )


def _lot(part: Part, term: str | None, places: int) -> dict[str, Any]:
    lot = part.lot
    return {
        "lotId": None if lot is None else lot.id,
        "acquiredAt": None if lot is None else iso(lot.acquired_at),
        "acquiredOn": None if lot is None else lot.day.isoformat(),
        "amount": units_text(part.amount_raw, places),
        "lotAmount": None if lot is None else units_text(lot.amount_raw, places),
        "lotCost": None if lot is None else money_text(lot.cost_e18),
        "cost": money_text(part.cost_e18),
        "proceeds": money_text(part.proceeds_e18),
        "gain": money_text(part.gain_e18),
        "disallowed": units_text(part.disallowed_e18, PLACES),
        "rule": part.rule.value,
        "term": term,
        "isReplacement": lot is not None and lot.is_replacement,
    }


def units_text(units: int, places: int) -> str:
    """Return whole units of 10^-places as an exact number without zeros at its end."""
    if places <= 0:
        return str(units * 10**-places)
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(places + 1, "0")
    fraction = digits[-places:].rstrip("0")
    return f"{sign}{digits[:-places]}.{fraction}" if fraction else f"{sign}{digits[:-places]}"


def money_text(units: int | None) -> str | None:
    """Return units of 10^-18 of money as an exact number; None stays unknown."""
    return None if units is None else units_text(units, PLACES)


def transaction_of(event_id: str) -> UUID | None:
    """Return the transaction that an event is of: its id is the transaction's, with `/1` ... where it is several."""
    try:
        return UUID(event_id.partition("/")[0])
    except ValueError:
        return None


def disposal_of(line: Any) -> tuple[Disposal, int]:
    """Return a stored disposal as the engine knows it, and the decimals that its units have.

    `line` has the fields of `Line`, numbers as decimals or text, and `parts` as they are stored.
    """
    kept = line.parts
    amounts = [str(line.amount), *(text for lot in kept["lots"] for text in (lot["amount"], lot["lotAmount"]) if text)]
    places = max(len(text.partition(".")[2]) for text in amounts)
    disposal = Disposal(
        event_ids=tuple(kept["events"]),
        kind=Kind(line.kind),
        asset=line.symbol,
        wallet=line.wallet,
        at=line.disposed_at,
        day=line.disposed_on,
        amount_raw=_units(line.amount, places),
        proceeds_e18=_money(line.proceeds),
        parts=[_part(lot, places) for lot in kept["lots"]],
        is_taxable=line.is_taxable,
    )
    return disposal, places


def _part(kept: Mapping[str, Any], places: int) -> Part:
    lot = None
    if kept["lotAmount"] is not None:
        lot = Lot(
            kept["lotId"],
            datetime.fromisoformat(kept["acquiredAt"]),
            date.fromisoformat(kept["acquiredOn"]),
            _units(kept["lotAmount"], places),
            _money(kept["lotCost"]),
            is_replacement=kept["isReplacement"],
        )
    return Part(
        lot, _units(kept["amount"], places), _money(kept["cost"]), _money(kept["proceeds"]), Rule(kept["rule"]),
        _money(kept["disallowed"]) or 0,
    )  # fmt: skip


def _units(text: Any, places: int) -> int:
    return int(EXACT.scaleb(Decimal(str(text)), places))


def _money(text: Any) -> int | None:
    return scaled_or_none(None if text is None else Decimal(str(text)))
