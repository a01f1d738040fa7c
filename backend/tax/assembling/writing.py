"""The engine's events as they are made, and what comes up while they are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.ledger.engine.lots import LotChoice
from backend.tax.assembling.items import Amount, Item, Reader, share_of
from backend.tax.assembling.worths import total
from backend.tax.books import Issue, TaxSettings
from backend.tax.engine.calculate import Settings
from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, TaxEvent
from backend.tax.engine.jurisdictions.base import Jurisdiction
from backend.tax.engine.methods import Method
from backend.tax.engine.money import EXACT

ELSEWHERE = "elsewhere"  # where units are of which only is known that they left, or were before
_ONE_SIDED = frozenset({Kind.BUY, Kind.SELL, Kind.INCOME, Kind.SPEND, Kind.BORROW, Kind.REPAY})


@dataclass(slots=True, eq=False)
class Unpriced:
    """Something of a transaction whose worth is needed, and unknown: places of legs and of fees."""

    item: Item
    legs: set[int] = field(default_factory=set)
    fees: set[int] = field(default_factory=set)
    basis: Amount | None = None  # what it cost who had it before


@dataclass(slots=True)
class Position:
    """A position that no divisible token stands for, as an asset of its own, with its units by wallet.

    `liquidity` is what the protocol counts in it since its token was made, None where that is not known.
    """

    asset: str
    units: dict[str, int] = field(default_factory=dict)
    liquidity: int | None = None


class Writer:
    """Takes events in. `rules` say what of an event a place asks for."""

    def __init__(self, settings: TaxSettings, engine: Settings, rules: Jurisdiction, reader: Reader) -> None:
        self.settings = settings
        self.rules = rules
        self.events: list[TaxEvent] = []
        self.unpriced: dict[str, Unpriced] = {}
        self.issues: list[Issue] = []
        self.symbols = reader.symbols
        self.places = reader.places
        self.worth = reader.worth
        self.positions: dict[str, Position] = {}
        self.pieces: dict[str, Position] = {}  # by the token of one of them, as it is traded and sent
        self._with_choices: list[tuple[int, Item]] = []
        self._zone = ZoneInfo(settings.timezone or rules.timezone)
        self._methods = sorted(engine.methods.items())
        self._zone = ZoneInfo(engine.timezone or rules.timezone)
        needs = {Kind.GIFT_OUT, Kind.DONATION} - rules.untaxed
        self._one_sided = _ONE_SIDED | needs

    def emit(
        self,
        item: Item,
        kind: Kind,
        went: Sequence[Amount] = (),
        came: Sequence[Amount] = (),
        *,
        wallet: str | None = None,
        to_wallet: str | None = None,
        income: IncomeKind | None = None,
        at: datetime | None = None,
        basis: Decimal | None = None,
        acquired_at: datetime | None = None,
        fees: tuple[Fee, ...] | None = None,
        is_known: bool = True,
    ) -> None:
        """Take in an event of a transaction; the first of them has its fees, where no others are given.

        `is_known` False: its unknown worth is another issue's matter.
        """
        if wallet is not None and wallet != item.wallet:
            self.fees_only(item)  # whoever's wallet it is of pays them, not the place that something came from
        number, transaction = item.events, item.transaction
        item.events = number + 1
        if number:
            event_id, paid = f"{item.id}/{number}", fees or ()
        else:
            if item.unpriced_fees:
                self._price_fees(item, (*went, *came))
            event_id, paid = item.id, item.fees if fees is None else fees
        if self.pieces:
            went, came = self._as_positions(kind, went, came, wallet or item.wallet, to_wallet)
        if is_known:
            self._look_at_worths(item, kind, went, came, income)
        worth = transaction.portfolio_worth
        self.events.append(
            TaxEvent(
                id=event_id,
                at=at or item.at,
                kind=kind,
                wallet=wallet or item.wallet,
                out=tuple([Leg(each.asset, each.raw, each.value) for each in went]),
                into=tuple([Leg(each.asset, each.raw, each.value) for each in came]),
                fees=paid,
                to_wallet=to_wallet,
                sequence=item.sequence,
                income=income,
                basis=basis,
                acquired_at=acquired_at,
                portfolio_value=None if worth is None else self.worth(worth, item.at),
            )
        )
        if transaction.choices and went and not number:
            self._with_choices.append((len(self.events) - 1, item))

    def _price_fees(self, item: Item, amounts: Sequence[Amount]) -> None:
        """Fees whose worth the source does not say have that of the same asset in the event, else are asked."""
        legs = [leg for leg in item.transaction.fees if leg.amount]
        priced, asked = [], []
        for fee, leg in zip(item.fees, legs, strict=False):
            like = next((each for each in amounts if each.asset == fee.asset and each.value is not None), None)
            if fee.value is None and like is not None and like.value is not None:
                fee = replace(fee, value=share_of(like.value, fee.amount_raw, like.raw))
            if fee.value is None:
                asked.append(next(place for place, each in enumerate(item.transaction.fees) if each is leg))
            priced.append(fee)
        item.fees = (*priced, *item.fees[len(legs) :])
        if asked:
            self._missing(item).fees.update(asked)

    def _as_positions(
        self, kind: Kind, went: Sequence[Amount], came: Sequence[Amount], wallet: str, to_wallet: str | None
    ) -> tuple[list[Amount], list[Amount]]:
        """The token of a position, sent or traded, is all units of it."""
        out, into = list(went), list(came)
        for number, amount in enumerate(out):
            position = self.pieces.get(amount.asset)
            if position is not None:
                raw = position.units.get(wallet) or amount.raw
                position.units[wallet] = 0
                out[number] = replace(amount, asset=position.asset, raw=raw)
                if kind is Kind.TRANSFER and to_wallet is not None:
                    position.units[to_wallet] = position.units.get(to_wallet, 0) + raw
                    into = [out[number]]
        for number, amount in enumerate(into):
            position = self.pieces.get(amount.asset)
            if position is not None:
                position.units[wallet] = position.units.get(wallet, 0) + amount.raw
                into[number] = replace(amount, asset=position.asset)
        return out, into

    def missing_leg(self, item: Item, amount: Amount) -> None:
        """Note that the worth of a leg is needed and unknown."""
        self._missing(item).legs.add(amount.place)

    def fees_only(self, item: Item) -> None:
        """Take in what was paid in assets for a transaction that no event came of: money alone is no event."""
        if not item.events and any(fee.asset for fee in item.fees):
            self.emit(item, Kind.FEE)

    def finish(self) -> list[Item]:
        """Put in the lots that users chose; return the items whose choice does not fit what went."""
        refused = []
        if not self._with_choices:
            return refused
        places: dict[tuple[str, str], str] = {}
        for event in self.events:
            for leg in event.into:
                places.setdefault((event.id.partition("/")[0], leg.asset), event.id)
        for number, item in self._with_choices:
            event = self.events[number]
            if self._method(event) is not Method.SPECIFIC:
                continue
            choices = self._choices(event, item, places)
            if choices is None:
                refused.append(item)
            else:
                self.events[number] = replace(event, choices=choices)
        return refused

    def _choices(self, event: TaxEvent, item: Item, places: dict[tuple[str, str], str]) -> tuple[LotChoice, ...] | None:
        """Return a user's choice in the engine's units, None where it is not all of what the engine takes."""
        leg = event.out[0]
        scale = self.places.get(leg.asset, 18)
        choices = []
        for choice in item.transaction.choices:
            lot = str(choice.transaction_id)
            raw = int(EXACT.scaleb(choice.amount, scale))
            choices.append(LotChoice(places.get((lot, leg.asset), lot), raw))
        taken = leg.amount_raw
        if event.kind is Kind.TRANSFER:
            taken = event.into[0].amount_raw
        elif event.kind is not Kind.WRAP:  # a fee in the same asset is one disposal with what it was paid for
            taken += _own_fees(event.fees, leg)
        fits = len(event.out) == 1 and sum(each.amount_raw for each in choices) == taken
        return tuple(choices) if fits and all(each.amount_raw > 0 for each in choices) else None

    def _method(self, event: TaxEvent) -> Method:
        """Return the method of an event's tax year, as the engine chooses it."""
        if not self._methods:
            return self.rules.methods[0]
        year, found = self.rules.year_of(event.at.astimezone(self._zone).date()), self._methods[0][1]
        for first, method in self._methods:
            if first <= year:
                found = method
        return found

    def _missing(self, item: Item) -> Unpriced:
        found = self.unpriced.get(item.id)
        if found is None:
            found = self.unpriced[item.id] = Unpriced(item)
        return found

    def _look_at_worths(
        self, item: Item, kind: Kind, went: Sequence[Amount], came: Sequence[Amount], income: IncomeKind | None
    ) -> None:
        if kind is Kind.INCOME and income in self.rules.no_income:
            return  # it cost nothing, whatever it was worth
        if kind in self._one_sided:
            unknown = [each.place for each in (*went, *came) if each.value is None and not _is_made(each)]
        elif kind is Kind.SWAP:
            unknown = _unknown_of_swap(list(went), list(came))
        elif kind is Kind.GIFT_IN:
            self._look_at_gift(item, list(came))
            return
        else:
            return
        if unknown:
            self._missing(item).legs.update(unknown)

    def _look_at_gift(self, item: Item, came: list[Amount]) -> None:
        if self.rules.gift_keeps_basis:
            if item.transaction.basis is None:
                self.missing_basis(item, came[0])
            return
        for amount in came:
            if amount.value is None:
                self.missing_leg(item, amount)

    def missing_basis(self, item: Item, amount: Amount) -> None:
        """Note that it is unknown what something cost who had it before."""
        self._missing(item).basis = amount


def _unknown_of_swap(went: list[Amount], came: list[Amount]) -> list[int]:
    """A swap is known where a side is known as a whole, and both can be shared over their parts."""
    neither = total(went) is None and total(came) is None
    return [
        each.place
        for side in (went, came)
        if neither or len(side) > 1
        for each in side
        if each.value is None and not _is_made(each)
    ]  # fmt: skip


def _is_made(amount: Amount) -> bool:
    """Return whether an asset is no leg of a transaction: what is worth nobody can say of it."""
    return amount.asset.startswith(("position:", "claim:"))


def _own_fees(fees: Iterable[Fee], leg: Leg) -> int:
    return sum(fee.amount_raw for fee in fees if fee.asset == leg.asset)
