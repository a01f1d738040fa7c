"""The lines of a year: each part of a disposal (a lot, a match, a share of a pool) as one line of a form. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.core.formats import untrusted_text
from backend.tax.books import Book
from backend.tax.engine.calculate import Calculation
from backend.tax.engine.explain import tokens
from backend.tax.engine.jurisdictions.base import Term
from backend.tax.engine.jurisdictions.us import UnitedStates
from backend.tax.engine.money import EXACT
from backend.tax.engine.results import Disposal, Part, Rule
from backend.tax.forms.rounding import RoundedYear, money_e18

DATED = frozenset({Rule.LOT, Rule.SAME_DAY, Rule.LATER_30_DAYS, Rule.EARLIER_9_DAYS, Rule.FOUR_WEEKS})
WASH_SALE = "W"  # Form 8949 instructions, column (f)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Money is rounded (see `rounding`); None is unknown, and then the line is in no total.

    `disposal` is the disposal's place in the year. `acquired` is None for a share of a pool and where nobody knows.
    `adjustment` is what a loss is lessened by, with its `code`; `gain` is proceeds less cost and with the adjustment.
    """

    number: int
    disposal: int
    event_ids: tuple[str, ...]
    kind: str
    asset: str
    symbol: str
    wallet: str
    amount: Decimal
    amount_text: str
    acquired: date | None
    at: datetime
    sold: date
    proceeds: Decimal | None
    cost: Decimal | None
    adjustment: Decimal
    gain: Decimal | None
    term: Term | None
    box: str
    code: str
    rule: Rule
    lot_id: str
    is_taxable: bool

    @property
    def description(self) -> str:
        """Return what Form 8949 wants in column (a): `1.5 ETH`."""
        return f"{self.amount_text} {self.symbol}"

    @property
    def counts(self) -> bool:
        """Return whether the line is in the totals."""
        return self.is_taxable and self.gain is not None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of lines. gain = proceeds - cost + adjustment."""

    count: int = 0
    proceeds: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    adjustment: Decimal = Decimal(0)
    gain: Decimal = Decimal(0)


def totals(lines: Iterable[Line]) -> Totals:
    """Return the sums of those lines that count."""
    count = 0
    proceeds = cost = adjustment = gain = Decimal(0)
    for line in lines:
        if line.is_taxable and line.gain is not None and line.proceeds is not None and line.cost is not None:
            count += 1
            proceeds += line.proceeds
            cost += line.cost
            adjustment += line.adjustment
            gain += line.gain
    return Totals(count, proceeds, cost, adjustment, gain)


def lines_of(book: Book, done: Calculation, rounded: RoundedYear) -> list[Line]:
    """Return the lines of a year, in the order of time."""
    zone = ZoneInfo(done.timezone)
    boxes = _boxes(done, rounded.year)
    symbols = {asset: untrusted_text(symbol, 24) for asset, symbol in book.symbols.items()}
    found: list[Line] = []
    for place, disposal in enumerate(rounded.disposals):
        for part in disposal.parts:
            term = done.rules.term(part, disposal.day)
            found.append(_line(len(found) + 1, place, disposal, part, term, boxes, book.places, symbols, zone))
    return found


def _line(
    number: int, place: int, disposal: Disposal, part: Part, term: Term | None, boxes: Mapping[Term, str],
    places: Mapping[str, int], symbols: Mapping[str, str], zone: ZoneInfo,
) -> Line:  # fmt: skip
    decimals = places.get(disposal.asset, 18)
    acquired = None
    if part.lot is not None and part.rule in DATED:
        acquired = part.lot.acquired_at.astimezone(zone).date()
    gain = part.allowed_e18
    return Line(
        number=number, disposal=place, event_ids=disposal.event_ids, kind=disposal.kind.value, asset=disposal.asset,
        symbol=symbols.get(disposal.asset) or untrusted_text(disposal.asset, 24), wallet=disposal.wallet,
        amount=EXACT.scaleb(Decimal(part.amount_raw), -decimals), amount_text=tokens(part.amount_raw, decimals),
        acquired=acquired, at=disposal.at, sold=disposal.day,
        proceeds=None if part.proceeds_e18 is None else money_e18(part.proceeds_e18),
        cost=None if part.cost_e18 is None else money_e18(part.cost_e18),
        adjustment=money_e18(part.disallowed_e18), gain=None if gain is None else money_e18(gain), term=term,
        box=boxes.get(term, "") if term is not None else "", code=WASH_SALE if part.disallowed_e18 and boxes else "",
        rule=part.rule, lot_id=part.lot.id if part.lot is not None else "", is_taxable=disposal.is_taxable,
    )  # fmt: skip


def _boxes(done: Calculation, year: int) -> Mapping[Term, str]:
    """Return the boxes of Form 8949 by term: what is held in own wallets is reported on no Form 1099."""
    rules = done.rules
    if not isinstance(rules, UnitedStates):
        return {}
    return {term: rules.box(term, year) for term in Term}
