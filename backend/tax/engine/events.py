"""What the engine is given: events with their worth in the reporting currency. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from backend.ledger.engine.lots import LotChoice


class Kind(StrEnum):
    """What an event is, in the words of tax. A place's rules say what follows from it."""

    __hash__ = str.__hash__  # Enum's own is written in Python: every event is looked up by its kind some times

    BUY = "buy"  # for money
    SELL = "sell"  # for money
    SWAP = "swap"  # assets for assets: trades, NFTs, liquidity and loans where they are a disposal, liquidations
    INCOME = "income"
    TRANSFER = "transfer"  # between wallets of the same person
    WRAP = "wrap"  # the same thing under another name: basis and dates go along
    GIFT_IN = "gift_in"
    GIFT_OUT = "gift_out"
    DONATION = "donation"
    SPEND = "spend"  # for goods and services
    LOSS = "loss"  # stolen, or lost for good
    FEE = "fee"  # paid for something that is no event: an allowance, a failed transaction
    BORROW = "borrow"
    REPAY = "repay"


class IncomeKind(StrEnum):
    """Where income is from."""

    STAKING = "staking"
    MINING = "mining"
    INTEREST = "interest"
    AIRDROP = "airdrop"
    FORK = "fork"
    WAGES = "wages"
    REWARD = "reward"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Leg:
    """An amount of an asset in smallest units, and what all of it was worth then (None: nobody knows)."""

    asset: str
    amount_raw: int
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Fee:
    """What was paid for a transaction; with an `asset`, in units of that, else in money."""

    value: Decimal | None
    asset: str | None = None
    amount_raw: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxEvent:
    """One thing that happened.

    `out` went, `into` came, without fees. What was paid or received in money is the value of the leg: of `into` for
    BUY, of `out` for SELL. What goes out beyond what comes in of a TRANSFER is its fee. `sequence` is the place among
    events of the same instant where the source knows it (transaction index, log index, line). A GIFT_IN may bring the
    giver's `basis` and `acquired_at`. `choices` name lots of the one asset that goes, by the id of the event that
    brought them in. `portfolio_value` is what everything held was worth just before (France asks for it).
    """

    id: str
    at: datetime
    kind: Kind
    wallet: str
    out: tuple[Leg, ...] = ()
    into: tuple[Leg, ...] = ()
    fees: tuple[Fee, ...] = ()
    to_wallet: str | None = None
    sequence: int = 0
    income: IncomeKind | None = None
    choices: tuple[LotChoice, ...] = ()
    basis: Decimal | None = None
    acquired_at: datetime | None = None
    portfolio_value: Decimal | None = None


class InvalidEventError(ValueError):
    """An event that cannot be: it says which (`event_id`) and `why`."""

    def __init__(self, why: str, event_id: str | None = None) -> None:
        super().__init__(why if event_id is None else f"event {event_id}: {why}")
        self.why, self.event_id = why, event_id


# Of the same instant what comes in is first, then moves, wraps and swaps, then what goes out.
_RANK = {
    Kind.BUY: 0, Kind.INCOME: 0, Kind.GIFT_IN: 0, Kind.BORROW: 0,
    Kind.TRANSFER: 1, Kind.WRAP: 1, Kind.SWAP: 1,
    Kind.SELL: 2, Kind.SPEND: 2, Kind.REPAY: 2, Kind.GIFT_OUT: 2, Kind.DONATION: 2, Kind.LOSS: 2, Kind.FEE: 2,
}  # fmt: skip
_INTO = frozenset({Kind.BUY, Kind.INCOME, Kind.GIFT_IN, Kind.BORROW})
_BOTH = frozenset({Kind.SWAP, Kind.TRANSFER, Kind.WRAP})


def check_all(events: Iterable[TaxEvent]) -> None:
    """Raise InvalidEventError for an event that cannot be, or two of one id."""
    seen: set[str] = set()
    for event in events:
        if event.id in seen:
            raise InvalidEventError("two events have this id", event.id)
        seen.add(event.id)
        _check(event)


def rank(event: TaxEvent) -> int:
    """Return where an event stands among those of its instant: 0 comes in, 1 moves or is swapped, 2 goes out."""
    return _RANK[event.kind]


def _check(event: TaxEvent) -> None:
    kind = event.kind
    if event.at.tzinfo is None:
        raise InvalidEventError("its time has no zone", event.id)
    for leg in event.out + event.into:
        if leg.amount_raw <= 0:
            raise InvalidEventError(f"an amount of {leg.asset} is not above zero", event.id)
        if leg.value is not None and leg.value < 0:
            raise InvalidEventError(f"{leg.asset} has a value below zero", event.id)
    for fee in event.fees:
        if fee.amount_raw < 0 or (fee.value is not None and fee.value < 0) or (fee.asset is None and fee.amount_raw):
            raise InvalidEventError("a fee is below zero, or an amount of nothing", event.id)
    comes, goes = kind in _INTO or kind in _BOTH, kind not in _INTO and kind is not Kind.FEE
    if bool(event.into) != comes or bool(event.out) != goes:
        raise InvalidEventError(f"what goes and what comes does not fit a {kind}", event.id)
    if event.choices and len(event.out) != 1:
        raise InvalidEventError("lots can be chosen where one asset goes", event.id)
    if kind is Kind.TRANSFER:
        _check_transfer(event)


def _check_transfer(event: TaxEvent) -> None:
    sent, received = event.out[0], event.into[0]
    if len(event.out) != 1 or len(event.into) != 1 or sent.asset != received.asset or event.to_wallet is None:
        raise InvalidEventError("a transfer moves one asset to one other wallet", event.id)
    if received.amount_raw > sent.amount_raw:
        raise InvalidEventError("more arrived than was sent", event.id)


def canonical(event: TaxEvent) -> str:
    """Return an event as one line, the same for equal events: what the hash of the input is made of."""
    return "\x1f".join(
        (
            *(event.id, _instant(event.at), event.kind.value, event.wallet, _legs(event.out), _legs(event.into)),
            "\x1e".join([f"{fee.asset}\x1d{fee.amount_raw}\x1d{_number(fee.value)}" for fee in event.fees]),
            *(_name(event.to_wallet), str(event.sequence), _name(event.income)),
            "\x1e".join([f"{each.lot_id}\x1d{each.amount_raw}" for each in event.choices]),
            *(_number(event.basis), _instant(event.acquired_at), _number(event.portfolio_value)),
        )
    )


def _legs(legs: tuple[Leg, ...]) -> str:
    return "\x1e".join([f"{leg.asset}\x1d{leg.amount_raw}\x1d{_number(leg.value)}" for leg in legs])


def _number(value: Decimal | None) -> str:
    """A number without zeros at its end, however many its digits are."""
    if value is None:
        return "-"
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text != "-0" else "0"


def _instant(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).isoformat()


def _name(value: str | None) -> str:
    return "-" if value is None else str(value)
