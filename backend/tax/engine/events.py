"""What the engine is given: events with their worth in the reporting currency. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter

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
# Whether something comes, and whether something goes.
_SHAPE = {
    **dict.fromkeys((Kind.BUY, Kind.INCOME, Kind.GIFT_IN, Kind.BORROW), (True, False)),
    **dict.fromkeys((Kind.SWAP, Kind.TRANSFER, Kind.WRAP), (True, True)),
    **dict.fromkeys((Kind.SELL, Kind.SPEND, Kind.REPAY, Kind.GIFT_OUT, Kind.DONATION, Kind.LOSS), (False, True)),
    Kind.FEE: (False, False),
}
_TRANSFER = Kind.TRANSFER  # looked up once: an enumeration's members are slow to reach
_ID = attrgetter("id")


def check_all(events: Sequence[TaxEvent]) -> None:
    """Raise InvalidEventError for an event that cannot be, or two of one id."""
    if len(set(map(_ID, events))) < len(events):
        ids = Counter(event.id for event in events)
        raise InvalidEventError("two events have this id", next(id_ for id_, times in ids.items() if times > 1))
    for event in events:
        out, into = event.out, event.into
        comes, goes = _SHAPE[event.kind]
        if event.at.tzinfo is None:
            raise InvalidEventError("its time has no zone", event.id)
        for leg in out + into if goes and comes else out or into:
            if leg.amount_raw <= 0:
                raise InvalidEventError(f"an amount of {leg.asset} is not above zero", event.id)
            value = leg.value
            if value is not None and (value.is_signed() or value.is_nan()) and _is_refused(value):
                raise InvalidEventError(f"{leg.asset} has a value below zero, or that is no number", event.id)
        if event.fees:
            _check_fees(event)
        if (not into) is comes or (not out) is goes:
            raise InvalidEventError(f"what goes and what comes does not fit a {event.kind}", event.id)
        if event.choices and len(out) != 1:
            raise InvalidEventError("lots can be chosen where one asset goes", event.id)
        if goes and comes and event.kind is _TRANSFER:
            _check_transfer(event)


def rank(event: TaxEvent) -> int:
    """Return where an event stands among those of its instant: 0 comes in, 1 moves or is swapped, 2 goes out."""
    return _RANK[event.kind]


def _check_fees(event: TaxEvent) -> None:
    for fee in event.fees:
        value, units = fee.value, fee.amount_raw
        if value is not None and (value.is_signed() or value.is_nan()) and _is_refused(value):
            raise InvalidEventError("a fee is below zero, or no number", event.id)
        if units and (units < 0 or fee.asset is None):
            raise InvalidEventError("a fee is below zero, or an amount of nothing", event.id)


def _is_refused(value: Decimal) -> bool:
    """Return whether a value is none. Asked of those with a sign, which -0 has too, and of what is no number."""
    return value.is_nan() or value < 0


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
