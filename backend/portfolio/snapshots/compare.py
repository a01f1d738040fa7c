"""Two snapshots of a portfolio beside each other, pure: what came of price and what of amount."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from backend.core.money import token_amount
from backend.portfolio.holdings import AssetKey
from backend.portfolio.snapshots.records import EXACT, AssetPart, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All holdings of one asset (of one protocol) in a snapshot; None is unknown, a side that is not there is zero."""

    amount: Decimal | None
    price_usd: Decimal | None
    value_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetChange:
    """An asset then and now. `by_price_usd` and `by_amount_usd` add up to the change of its value.

    What was held all along changes by its price; what was added or taken away counts at the price of now. Both are
    None where an amount or a price is unknown.
    """

    asset: AssetKey
    protocol: str | None
    symbol: str | None
    before: Side
    after: Side
    change_usd: Decimal | None
    by_price_usd: Decimal | None
    by_amount_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two snapshots: when they were taken, what they were worth, and their assets by size of change."""

    before_at: datetime
    after_at: datetime
    before_usd: Decimal
    after_usd: Decimal
    change_usd: Decimal
    change_pct: Decimal | None
    is_complete: bool
    assets: tuple[AssetChange, ...]


NOTHING = Side(amount=Decimal(0), price_usd=None, value_usd=Decimal(0))
UNKNOWN = Side(amount=None, price_usd=None, value_usd=None)
_Key = tuple[AssetKey, str | None]


def compare(before: Snapshot, after: Snapshot) -> Comparison:
    """Return how a portfolio changed from one snapshot to another; `change_pct` is None from zero.

    Of what counts as held at one of both times: NFTs that had no floor at the other were worth something unknown then.
    """
    symbols = {_key(part): part.symbol for snapshot in (before, after) for part in snapshot.holdings}
    then, now = _sides(before, symbols.keys()), _sides(after, symbols.keys())
    changes = [_change(key, symbol, then[key], now[key]) for key, symbol in symbols.items()]
    changes.sort(key=lambda change: (-abs(change.change_usd or 0), change.asset, change.protocol or ""))
    with localcontext(EXACT):
        change_usd = after.total_value_usd - before.total_value_usd
    return Comparison(
        before_at=before.taken_at,
        after_at=after.taken_at,
        before_usd=before.total_value_usd,
        after_usd=after.total_value_usd,
        change_usd=change_usd,
        change_pct=percent_of(change_usd, before.total_value_usd),
        is_complete=before.is_complete and after.is_complete,
        assets=tuple(changes),
    )


def percent_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return part / whole in percent to 28 digits, None when the whole is not above zero."""
    return part / whole * 100 if whole > 0 else None


def _change(key: _Key, symbol: str | None, before: Side, after: Side) -> AssetChange:
    change = by_price = by_amount = None
    with localcontext(EXACT):
        if before.value_usd is not None and after.value_usd is not None:
            change = after.value_usd - before.value_usd
            by_price = _by_price(before, after)
            by_amount = None if by_price is None else change - by_price
    return AssetChange(
        asset=key[0],
        protocol=key[1],
        symbol=symbol,
        before=before,
        after=after,
        change_usd=change,
        by_price_usd=by_price,
        by_amount_usd=by_amount,
    )


def _by_price(before: Side, after: Side) -> Decimal | None:
    if before.amount == 0 or after.amount == 0:
        return Decimal(0)
    if None in (before.amount, after.amount, before.price_usd, after.price_usd):
        return None
    assert before.amount and after.amount and before.price_usd is not None and after.price_usd is not None
    if (before.amount > 0) != (after.amount > 0):
        return Decimal(0)  # what was owed is held now: nothing of it was there all along
    kept = min(before.amount, after.amount, key=abs)  # debts are negative
    return kept * (after.price_usd - before.price_usd)


def _key(part: AssetPart) -> _Key:
    return AssetKey(part.chain_id, part.token), part.protocol


def _sides(snapshot: Snapshot, keys: Collection[_Key]) -> dict[_Key, Side]:
    """Return every asset's side; what is not in the snapshot is zero where its chain was read, else unknown."""
    held: dict[_Key, list[AssetPart]] = {}
    for part in snapshot.assets:
        if _key(part) in keys:
            held.setdefault(_key(part), []).append(part)
    known = snapshot.chains_usd()
    absent = {key: NOTHING if key[0].chain_id in known else UNKNOWN for key in keys}
    return absent | {key: _side(parts) for key, parts in held.items()}


def _side(parts: list[AssetPart]) -> Side:
    values = [part.value_usd for part in parts if part.value_usd is not None]
    amounts = [
        token_amount(part.amount_raw, part.decimals)
        for part in parts
        if part.amount_raw is not None and part.decimals is not None
    ]
    with localcontext(EXACT):
        return Side(
            amount=sum(amounts, Decimal(0)) if len(amounts) == len(parts) else None,
            price_usd=parts[0].price_usd,
            value_usd=sum(values, Decimal(0)) if len(values) == len(parts) else None,
        )
