"""What of a snapshot can be rebalanced, and what is left out and why. Pure.

Swaps move what lies in the wallets and has a known value. Positions in protocols have to be left first, debts cannot be
sold, and what has no known amount or price cannot be measured.
"""

from dataclasses import dataclass
from decimal import Decimal

from backend.market.assets import KnownAssets
from backend.portfolio.engine.exact import add_up
from backend.portfolio.snapshots.records import OTHER, AssetPart, Snapshot

IN_PROTOCOL = "in {protocol}: take it out first, swaps move what is in the wallet"
DEBT = "a debt: it is paid back, not sold"
IS_NFT = "an NFT: pieces are sold one by one, not swapped"
NO_AMOUNT = "its amount could not be read"
NO_DECIMALS = "its contract does not say how it is counted"
NO_PRICE = "no source has a price for it"


@dataclass(frozen=True, slots=True)
class Purse:
    """A token of one wallet on one chain: what a swap takes from."""

    chain_id: int
    wallet: str
    token: str


@dataclass(frozen=True, slots=True)
class Movable:
    """A holding that swaps can move, under the key that the target counts it by (an asset or a category)."""

    purse: Purse
    key: str
    symbol: str | None
    decimals: int
    price_usd: Decimal
    value_usd: Decimal


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A holding that is not counted, and why."""

    part: AssetPart
    reason: str


@dataclass(frozen=True, slots=True)
class Movables:
    """What of a snapshot can be rebalanced, most valuable first, and what is left out."""

    held: tuple[Movable, ...]
    left_out: tuple[LeftOut, ...]

    def values_usd(self) -> dict[str, Decimal]:
        """Return the value by key."""
        groups: dict[str, list[Decimal]] = {}
        for each in self.held:
            groups.setdefault(each.key, []).append(each.value_usd)
        return {key: add_up(values) for key, values in groups.items()}

    def purses_usd(self) -> dict[Purse, Decimal]:
        """Return what is in each purse."""
        return {each.purse: each.value_usd for each in self.held}


def movables(snapshot: Snapshot, by: str, assets: KnownAssets) -> Movables:
    """Return what of a snapshot can be rebalanced by `asset` or by `category`."""
    held: list[Movable] = []
    left_out: list[LeftOut] = []
    for part in snapshot.holdings:
        reason = _why_not(part)
        if reason is not None:
            left_out.append(LeftOut(part, reason))
            continue
        assert part.decimals is not None and part.price_usd is not None and part.value_usd is not None
        if part.value_usd == 0:
            continue
        key = assets.asset_of(part.chain_id, part.token) if by == "asset" else category_of(part, assets)
        purse = Purse(part.chain_id, part.wallet.lower(), part.token)
        held.append(Movable(purse, key, part.symbol, part.decimals, part.price_usd, part.value_usd))
    held.sort(key=lambda each: (each.value_usd.copy_negate(), each.key, each.purse.wallet, each.purse.chain_id))
    return Movables(tuple(held), tuple(left_out))


def category_of(part: AssetPart, assets: KnownAssets) -> str:
    """Return a holding's category: the snapshot's own, else what the token is known as."""
    return part.category or assets.categories.get((part.chain_id, part.token), OTHER)


def _why_not(part: AssetPart) -> str | None:
    if part.nft is not None:
        return IS_NFT
    if part.position is not None:
        if part.position.role == "debt" or (part.amount_raw or 0) < 0:
            return DEBT
        return IN_PROTOCOL.format(protocol=part.protocol or "a protocol")
    if part.amount_raw is None:
        return NO_AMOUNT
    if part.decimals is None:
        return NO_DECIMALS
    if part.price_usd is None or part.value_usd is None:
        return NO_PRICE
    return None
