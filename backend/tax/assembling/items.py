"""Transactions made ready: edits applied, amounts in whole units, worth in the reporting currency. Pure.

Amounts become integers of 18 places, of more where some amount of the asset has more digits: never cut. Of worths the
user's word comes first, then what a file says in the reporting currency, else a worth in another one at the rate of its
day. Money of a country is worth itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

from backend.tax.engine.events import Fee
from backend.tax.engine.money import EXACT
from backend.tax.transactions import FIAT_PREFIX, Edit, TaxLeg, TaxTransaction, TransactionKind, Worth, is_fiat

PLACES = 18
ZERO = Decimal(0)
_scaleb, _multiply = EXACT.scaleb, EXACT.multiply


class Rates(Protocol):
    """What currencies were worth in the reporting currency."""

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Return units of the reporting currency for one unit of `currency` on a day, None when nobody knows."""
        ...


@dataclass(slots=True, eq=False)
class Amount:
    """What came or went of one asset: `raw` above zero, `value` of all of it in the reporting currency."""

    asset: str
    raw: int
    value: Decimal | None
    place: int  # of the leg in its transaction
    role: str = "principal"
    counterparty: str | None = None
    is_told: bool = False  # the user says what it was worth


@dataclass(slots=True, eq=False)
class Item:
    """A transaction after its edit. `money` is what of a country's money came less what went, None: unknown."""

    id: str
    at: datetime
    sequence: int
    wallet: str
    transaction: TaxTransaction
    edit: Edit | None
    came: list[Amount] = field(default_factory=list)
    went: list[Amount] = field(default_factory=list)
    has_money: bool = False
    money: Decimal | None = ZERO
    fees: tuple[Fee, ...] = ()
    unpriced_fees: bool = False
    events: int = 0  # how many were made of it

    @property
    def kind(self) -> TransactionKind:
        """What it is."""
        return self.transaction.kind


class Reader:
    """Makes items of transactions. `places` are the decimals by asset, `symbols` how assets are shown."""

    def __init__(self, currency: str, rates: Rates) -> None:
        self._currency = currency
        self._rates = rates
        self._known: dict[tuple[str, date], Decimal | None] = {}
        self._finer: set[str] = set()
        self.places: dict[str, int] = {}
        self.symbols: dict[str, str] = {}

    def read(
        self, entries: Iterable[tuple[TaxTransaction, Edit | None]], excluded: AbstractSet[str] = frozenset()
    ) -> list[Item]:
        """Return what counts, in time. Transactions that are to be ignored, and wallets left out, are not there."""
        items = []
        for transaction, edit in entries:
            told = frozenset(edit.worths or ()) if edit is not None else frozenset()
            if edit is not None:
                transaction = edited(transaction, edit)
            if transaction.kind is TransactionKind.IGNORED or transaction.wallet in excluded:
                continue
            items.append(self._item(transaction, edit, told))
        if self._finer:
            self._rescale(items)
        items.sort(key=lambda each: (each.at, each.sequence, each.id))
        return items

    def worth(self, worth: Worth | None, at: datetime) -> Decimal | None:
        """Return a worth in the reporting currency, None when it, or the rate of the day, is unknown."""
        if worth is None:
            return None
        amount = worth.amount.copy_abs()  # abs() would round to 28 digits
        if worth.currency == self._currency:
            return amount
        rate = self._rate(worth.currency, at)
        return None if rate is None else _multiply(amount, rate)

    def _rate(self, currency: str, at: datetime) -> Decimal | None:
        if currency == self._currency:
            return Decimal(1)
        key = (currency, at.date())
        if key not in self._known:
            self._known[key] = self._rates.rate(*key)
        return self._known[key]

    def _item(self, transaction: TaxTransaction, edit: Edit | None, told: AbstractSet[int]) -> Item:
        at = transaction.happened_at
        if at.tzinfo is not UTC:
            at = at.astimezone(UTC)
        item = Item(str(transaction.id), at, transaction.sequence, transaction.wallet, transaction, edit)
        for place, leg in enumerate(transaction.legs):
            asset, number = leg.asset, leg.amount
            if asset.startswith(FIAT_PREFIX):
                self._money(item, leg)
                continue
            raw = self._raw(leg)
            if not raw:
                continue
            value = self.worth(leg.worth, at) if leg.worth is not None else None
            amount = Amount(asset, abs(raw), value, place, leg.role, leg.counterparty, place in told)
            (item.came if number > 0 else item.went).append(amount)
        if transaction.fees:
            self._fees(item)
        return item

    def _raw(self, leg: TaxLeg) -> int:
        asset = leg.asset
        exact = _scaleb(leg.amount, PLACES)
        raw = int(exact)
        if raw != exact:
            self._finer.add(asset)
            self.places[asset] = max(self.places.get(asset, PLACES), _digits(leg.amount))
            raw = raw or (1 if exact > 0 else -1)
        if asset not in self.symbols:
            self.symbols[asset] = leg.symbol
            self.places.setdefault(asset, PLACES)
        return raw

    def _money(self, item: Item, leg: TaxLeg) -> None:
        item.has_money = True
        value = self._money_worth(leg, item.at)
        known = item.money is not None and value is not None
        item.money = EXACT.add(item.money, value if leg.amount > 0 else value.copy_negate()) if known else None  # type: ignore[arg-type,operator]

    def _money_worth(self, leg: TaxLeg, at: datetime) -> Decimal | None:
        """What an amount of money is worth, without its sign: itself, or what the source says, or by the rate."""
        currency = leg.asset[len(FIAT_PREFIX) :]
        amount = leg.amount.copy_abs()
        if currency == self._currency:
            return amount
        if leg.worth is not None and leg.worth.currency == self._currency:
            return leg.worth.amount.copy_abs()
        rate = self._rate(currency, at)
        return self.worth(leg.worth, at) if rate is None else _multiply(amount, rate)

    def _fees(self, item: Item) -> None:
        fees, is_unpriced = [], False
        for leg in item.transaction.fees:
            if not leg.amount:
                continue
            if is_fiat(leg.asset):
                value = self._money_worth(leg, item.at)
                fees.append(Fee(value))
            else:
                raw = abs(self._raw(leg))
                value = self.worth(leg.worth, item.at)
                fees.append(Fee(value, leg.asset, raw))
            is_unpriced = is_unpriced or value is None
        item.fees, item.unpriced_fees = tuple(fees), is_unpriced

    def _rescale(self, items: Sequence[Item]) -> None:
        """Amounts of assets that have more than 18 digits, in their own."""
        for item in items:
            for amount in (*item.came, *item.went):
                if amount.asset in self._finer:
                    amount.raw = self._finer_raw(item.transaction.legs[amount.place])
            if any(fee.asset in self._finer for fee in item.fees):
                legs = [leg for leg in item.transaction.fees if leg.amount]
                item.fees = tuple(
                    replace(fee, amount_raw=self._finer_raw(leg)) if fee.asset in self._finer else fee
                    for fee, leg in zip(item.fees, legs, strict=True)
                )

    def _finer_raw(self, leg: TaxLeg) -> int:
        return abs(int(_scaleb(leg.amount, self.places[leg.asset])))


def edited(transaction: TaxTransaction, edit: Edit) -> TaxTransaction:
    """Return a transaction as its edit says it is."""
    changes: dict[str, object] = {}
    for name in ("kind", "income", "to_wallet", "choices", "basis", "acquired_at", "portfolio_worth", "note"):
        value = getattr(edit, name)
        if value is not None:
            changes[name] = value
    if edit.worths:
        changes["legs"] = _with_worths(transaction.legs, edit.worths)
    if edit.fee_worths:
        changes["fees"] = _with_worths(transaction.fees, edit.fee_worths)
    return replace(transaction, **changes) if changes else transaction  # type: ignore[arg-type]


def _with_worths(legs: Sequence[TaxLeg], worths: Mapping[int, Worth]) -> tuple[TaxLeg, ...]:
    return tuple(replace(leg, worth=worths[place]) if place in worths else leg for place, leg in enumerate(legs))


def share_of(value: Decimal, part: int, whole: int) -> Decimal:
    """Return value x part / whole, to 18 places."""
    return EXACT.quantize(EXACT.divide(EXACT.multiply(value, Decimal(part)), Decimal(whole)), Decimal("1e-18"))


def part_of(amount: Amount, raw: int) -> Amount:
    """Return so many units of an amount, with their share of its worth."""
    if raw == amount.raw:
        return amount
    value = None if amount.value is None else share_of(amount.value, raw, amount.raw)
    return Amount(amount.asset, raw, value, amount.place, amount.role, amount.counterparty, amount.is_told)


def _digits(amount: Decimal) -> int:
    exponent = amount.normalize(EXACT).as_tuple().exponent
    return max(PLACES, -exponent) if isinstance(exponent, int) else PLACES
