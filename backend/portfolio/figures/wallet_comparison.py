"""Wallets and groups of a user beside each other between two snapshots, pure: what came of price, what of amount."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from backend.core import formats
from backend.portfolio.figures.schemas import WalletCompared, WalletComparison
from backend.portfolio.snapshots.compare import compare, percent_of
from backend.portfolio.snapshots.records import EXACT, Snapshot, sum_by

NO_TWO = "There are not two snapshots of this time that say what each wallet held."
TOO_LONG = "What each wallet held is kept for 90 days; choose a shorter time."
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Named:
    """A wallet's lower-case address, what the user calls it, and its group (may be empty)."""

    address: str
    name: str
    group: str


def compare_wallets(before: Snapshot | None, after: Snapshot | None, names: Sequence[Named]) -> WalletComparison:
    """Return every wallet of the snapshots and every named group of two or more, the largest first."""
    if before is None or after is None or before.taken_at >= after.taken_at:
        return WalletComparison(before_at=None, after_at=None, items=[], problem=NO_TWO)
    there = {part.wallet.lower() for snapshot in (before, after) for part in snapshot.holdings}
    called = {each.address: each.name for each in names}
    items = [
        _compared("wallet", address, called.get(address) or formats.address(address), {address}, before, after)
        for address in sorted(there)
    ]
    for group in sorted({each.group for each in names if each.group}):
        members = {each.address for each in names if each.group == group} & there
        if len(members) > 1:
            items.append(_compared("group", group, group, members, before, after))
    items.sort(key=lambda item: (item.kind == "wallet", -item.after_usd, item.key))
    return WalletComparison(before_at=before.taken_at, after_at=after.taken_at, items=items, problem=None)


def _compared(
    kind: str, key: str, name: str, addresses: Collection[str], before: Snapshot, after: Snapshot
) -> WalletCompared:
    found = compare(_of(before, addresses), _of(after, addresses))
    is_known = all(change.by_price_usd is not None for change in found.assets)
    with localcontext(EXACT):
        by_price = sum((change.by_price_usd or Decimal(0) for change in found.assets), Decimal(0)) if is_known else None
        by_amount = None if by_price is None else found.change_usd - by_price
        pct = None if by_price is None else percent_of(by_price, found.before_usd)
        return WalletCompared(
            kind="group" if kind == "group" else "wallet",
            key=key,
            name=name,
            before_usd=found.before_usd,
            after_usd=found.after_usd,
            change_usd=found.change_usd,
            by_price_usd=by_price,
            by_price_pct=None if pct is None else pct.quantize(_PLACES),
            by_amount_usd=by_amount,
            is_complete=found.is_complete and is_known,
        )


def _of(snapshot: Snapshot, addresses: Collection[str]) -> Snapshot:
    """Return a snapshot as if there were no other wallets."""
    assets = tuple(part for part in snapshot.assets if part.wallet.lower() in addresses)
    total = sum_by(("", part.value_usd) for part in assets).get("", Decimal(0))
    return replace(snapshot, assets=assets, total_value_usd=total)
