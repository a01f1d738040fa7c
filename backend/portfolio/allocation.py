"""What a snapshot is made of, by asset, chain, protocol, wallet and category, pure: shares that sum to 100 %."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from backend.chain.registry import chain_name
from backend.portfolio.engine.allocation import shares_pct
from backend.portfolio.snapshots.records import OTHER, AssetPart, Snapshot, sum_by

Way = Literal["asset", "chain", "protocol", "wallet", "category"]
REST = "rest"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a snapshot's known value. `share_pct` is None for what is not above zero; `count`: of how many."""

    key: str
    value_usd: Decimal
    share_pct: Decimal | None
    count: int


def allocation(snapshot: Snapshot, way: Way, most: int | None = None) -> list[Part]:
    """Return the parts of a snapshot's known value, the largest first, beyond `most` all together as `rest`.

    Assets are named as `asset_key` does, chains by id, wallets by address; what is in no
    protocol is under the empty name. Values sum to the total exactly, shares to
    100 (largest remainders, see engine/allocation.py). What has no known value is in no part.
    """
    known = [part for part in snapshot.assets if part.value_usd is not None]
    key = _KEYS[way]
    sums = sum_by((key(part), part.value_usd) for part in known)
    counts: dict[str, int] = {}
    for part in known:
        counts[key(part)] = counts.get(key(part), 0) + 1
    ordered = sorted(sums.items(), key=lambda item: (item[1].copy_negate(), item[0]))
    if most is not None and len(ordered) > most:
        rest = ordered[most - 1 :]
        together = sum_by((REST, value) for _, value in rest)[REST]
        counts[REST] = len(rest)
        ordered = [*ordered[: most - 1], (REST, together)]
    shares = shares_pct([value for _, value in ordered])
    return [Part(name, value, share, counts[name]) for (name, value), share in zip(ordered, shares, strict=True)]


def find_assets(snapshot: Snapshot, search: str, sort: str) -> list[AssetPart]:
    """Return the holdings whose symbol, contract, chain, wallet or category has `search` in it, in the order of `sort`.

    `sort` is one of SORTS, with a minus from large to small. What is unknown comes last either way.
    """
    wanted = search.strip().casefold()
    found = [part for part in snapshot.holdings if not wanted or wanted in _words(part)]
    key = SORTS[sort.removeprefix("-")]
    known = [part for part in found if key(part) is not None]
    unknown = [part for part in found if key(part) is None]
    known.sort(key=_place)
    known.sort(key=lambda part: key(part), reverse=sort.startswith("-"))  # type: ignore[arg-type,return-value]
    return known + sorted(unknown, key=_place)


def unknown_of(parts: Sequence[AssetPart]) -> int:
    """Return how many holdings have no known value."""
    return sum(part.value_usd is None for part in parts)


def asset_key(part: AssetPart) -> str:
    """Return what names an asset in an allocation."""
    return f"{part.chain_id}:{part.token}"


_KEYS: dict[Way, Callable[[AssetPart], str]] = {
    "asset": asset_key,
    "chain": lambda part: str(part.chain_id),
    "protocol": lambda part: part.protocol or "",
    "wallet": lambda part: part.wallet.lower(),
    "category": lambda part: part.category or OTHER,
}
SORTS: dict[str, Callable[[AssetPart], Decimal | str | None]] = {
    "asset": lambda part: (part.symbol or "").casefold() or None,
    "price": lambda part: part.price_usd,
    "value": lambda part: part.value_usd,
    "chain": lambda part: chain_name(part.chain_id).casefold(),
    "wallet": lambda part: part.wallet.lower(),
}


def _words(part: AssetPart) -> str:
    return " ".join(
        (
            part.symbol or "",
            part.nft.name or "" if part.nft else "",
            part.token,
            chain_name(part.chain_id),
            part.wallet,
            part.category or OTHER,
            part.protocol or "",
        )
    ).casefold()


def _place(part: AssetPart) -> tuple[int, str, str, str]:
    return part.chain_id, part.token, part.wallet.lower(), part.protocol or ""
