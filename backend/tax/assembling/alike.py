"""Which transactions of two sources look the same without a chain's word for it: the user is asked. Pure.

The same account (or, of a wallet, its address), the same assets both ways, amounts that agree, and no more than a
minute apart: files cut seconds off, and note when an order was filled or booked. A name may be any wallet's, so there
only amounts with many digits are taken for the same. Two hashes are two things.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from backend.tax.engine.money import EXACT
from backend.tax.transactions import TaxTransaction, TransactionKind

NEAR = timedelta(seconds=60)
DIGITS = 6  # so many digits of a rounded amount, and no fewer, are taken for those of the exact one
MOST_LOOKS = 200  # transactions of one sort within the time that are looked at
_Sort = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Likely:
    """A transaction that seems to be the same as `like`; the user decides."""

    transaction: TaxTransaction
    like: TaxTransaction
    is_same_hash: bool


def agree(one: Decimal, other: Decimal) -> bool:
    """Return whether two amounts are one: equal, or one of them is the other with fewer decimals."""
    return one == other or _is_rounded(one, other) or _is_rounded(other, one)


def is_address(place: str) -> bool:
    """Return whether a place of the user is an address of a chain, and no name."""
    return place.startswith("0x") and len(place) > 20


def same_place(place: str, other: str, *, is_wallet: bool) -> bool:
    """Return whether a file's account can be another place: the same, or a name for a wallet."""
    if place == other:
        return True
    if is_address(place):
        return False
    return is_wallet or place.strip().casefold() == other.strip().casefold()


def look_alike(origins: Mapping[str, Sequence[TaxTransaction]]) -> list[Likely]:
    """Return what looks the same among sources (by name; the first is kept), each transaction once at most."""
    found: list[Likely] = []
    kept: dict[_Sort, list[TaxTransaction]] = {}
    for rows in _at_one_time(origins):
        by_sort: dict[_Sort, list[TaxTransaction]] = {}
        for row in rows:
            if row.legs:
                by_sort.setdefault(_sort(row), []).append(row)
        for sort, mine in by_sort.items():
            mine.sort(key=_time)
            others = kept.setdefault(sort, [])
            pairs = _pairs(mine, others)
            found += pairs
            alike = {each.transaction.id for each in pairs}
            kept[sort] = sorted([*others, *(row for row in mine if row.id not in alike)], key=_time)
    return found


def _at_one_time(origins: Mapping[str, Sequence[TaxTransaction]]) -> Iterable[list[TaxTransaction]]:
    """Return of each source what is within a minute or two of something of another: mostly nothing."""
    minutes = {name: [int(row.happened_at.timestamp()) // 60 for row in rows] for name, rows in sorted(origins.items())}
    whose: dict[int, str | None] = {}
    for name, mine in minutes.items():
        for minute in mine:
            if whose.setdefault(minute, name) != name:
                whose[minute] = None
    for name, mine in minutes.items():
        yield [
            row
            for row, minute in zip(origins[name], mine, strict=True)
            if whose[minute] != name or whose.get(minute - 1, name) != name or whose.get(minute + 1, name) != name
        ]


def _pairs(rows: Sequence[TaxTransaction], others: Sequence[TaxTransaction]) -> list[Likely]:
    """Return for each row the nearest other one that it may be, each used once."""
    times = [other.happened_at for other in others]
    used: set[int] = set()
    found = []
    for row in rows:
        begin = bisect_left(times, row.happened_at - NEAR)
        best: int | None = None
        for place in range(begin, min(len(others), begin + MOST_LOOKS)):
            if times[place] > row.happened_at + NEAR:
                break
            is_nearer = best is None or abs(times[place] - row.happened_at) < abs(times[best] - row.happened_at)
            if is_nearer and place not in used and _may_be(row, others[place]):
                best = place
        if best is not None:
            used.add(best)
            found.append(Likely(row, others[best], is_same_hash=False))
    return found


def _may_be(row: TaxTransaction, other: TaxTransaction) -> bool:
    is_wallet = other.source == "wallet"
    if row.tx_hash and other.tx_hash and _bare(row.tx_hash) != _bare(other.tx_hash):
        return False
    if not same_place(row.wallet, other.wallet, is_wallet=is_wallet):
        return False
    if is_wallet and row.wallet != other.wallet and max(_digits(leg.amount) for leg in row.legs) < DIGITS:
        return False
    is_transfer = TransactionKind.TRANSFER in (row.kind, other.kind)
    if is_transfer and (row.to_wallet or "").casefold() != (other.to_wallet or "").casefold():
        return False
    mine, theirs = _amounts(row), _amounts(other)
    return all(agree(one, two) for one, two in zip(mine, theirs, strict=True))


def _sort(row: TaxTransaction) -> _Sort:
    return tuple(sorted((leg.asset, leg.amount > 0) for leg in row.legs))


def _amounts(row: TaxTransaction) -> list[Decimal]:
    ordered = sorted(row.legs, key=lambda leg: (leg.asset, leg.amount > 0, leg.amount))
    return [leg.amount for leg in ordered]


def _time(row: TaxTransaction) -> tuple[object, ...]:
    return row.happened_at, row.sequence, row.id


def _bare(tx_hash: str) -> str:
    return tx_hash.strip().lower().removeprefix("0x")


def _is_rounded(rounded: Decimal, exact: Decimal) -> bool:
    normal = rounded.normalize(EXACT)
    exponent = normal.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0 or len(normal.as_tuple().digits) < DIGITS:
        return False
    return abs(EXACT.subtract(rounded, exact)) < EXACT.scaleb(Decimal(1), exponent)


def _digits(amount: Decimal) -> int:
    return len(amount.normalize(EXACT).as_tuple().digits)
