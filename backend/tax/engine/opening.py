"""Unused basis allocated to wallets on the day lots go per wallet (Rev. Proc. 2024-28, sections 4 and 5). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.tax.engine.books import ORDERS
from backend.tax.engine.methods import Method
from backend.tax.engine.results import Lot


class AllocationError(ValueError):
    """An allocation that does not fit what is held: it says what is wrong."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Specific unit allocation: so many units of a lot of an asset go to a wallet."""

    asset: str
    lot_id: str
    wallet: str
    amount_raw: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """How what is left goes to wallets.

    By itself (specific unit allocation by where units lie): a lot stays in the wallet that it came to, as far as that
    holds so many units; the rest fills wallets that hold more, the earliest lots first, wallets by name. With `order`
    (global allocation, section 5.02(5)): lots in the order of that method fill `wallets` in the order given, others
    after them by name. With `picks` (section 5.02(4)) these go first, and what they leave goes by itself.
    """

    order: Method | None = None
    wallets: tuple[str, ...] = ()
    picks: tuple[Pick, ...] = ()


def allocated(asset: str, lots: Sequence[Lot], held: Mapping[str, int], allocation: Allocation) -> dict[str, list[Lot]]:
    """Return an asset's lots by wallet. Units are never lost: what no wallet has room for stays where it came to.

    Raises AllocationError for a pick of what is not left, or of more than a wallet holds.
    """
    room = {wallet: max(0, units) for wallet, units in sorted(held.items())}
    by_wallet: dict[str, list[Lot]] = {}
    for pick in allocation.picks:
        if pick.asset == asset:
            _pick(pick, lots, room, by_wallet)
    rank = {wallet: place for place, wallet in enumerate(allocation.wallets)}
    wallets = sorted(room, key=lambda wallet: (rank.get(wallet, len(rank)), wallet))
    if allocation.order is None:
        for lot in lots:
            _fill(lot, [lot.wallet] if lot.wallet in room else [], room, by_wallet)
    elif allocation.order in ORDERS:
        lots = sorted(lots, key=ORDERS[allocation.order])
    else:
        raise AllocationError(f"basis cannot be allocated by {allocation.order}")
    for lot in lots:
        _fill(lot, wallets, room, by_wallet)
        if lot.left_raw:
            _give(lot, lot.wallet, lot.left_raw, by_wallet)
    return by_wallet


def _pick(pick: Pick, lots: Sequence[Lot], room: dict[str, int], by_wallet: dict[str, list[Lot]]) -> None:
    if pick.amount_raw <= 0 or pick.amount_raw > room.get(pick.wallet, 0):
        raise AllocationError(f"{pick.wallet} does not hold {pick.amount_raw} units of {pick.asset} to allocate to")
    wanted = pick.amount_raw
    for lot in lots:
        if lot.id == pick.lot_id and wanted:
            units = min(wanted, lot.left_raw)
            if units:
                _give(lot, pick.wallet, units, by_wallet)
                wanted -= units
    if wanted:
        raise AllocationError(f"lot {pick.lot_id} has fewer than {pick.amount_raw} units left")
    room[pick.wallet] -= pick.amount_raw


def _fill(lot: Lot, wallets: Sequence[str], room: dict[str, int], by_wallet: dict[str, list[Lot]]) -> None:
    for wallet in wallets:
        units = min(lot.left_raw, room[wallet])
        if units:
            room[wallet] -= units
            _give(lot, wallet, units, by_wallet)


def _give(lot: Lot, wallet: str, units: int, by_wallet: dict[str, list[Lot]]) -> None:
    cost = lot.use(units)
    by_wallet.setdefault(wallet, []).append(
        Lot(lot.id, lot.acquired_at, lot.day, units, cost, wallet, is_replacement=lot.is_replacement, gift=lot.gift)
    )
