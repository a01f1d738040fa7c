"""What a snapshot consists of, and how its parts stand in the store: money and amounts as text, instants ISO 8601."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from backend.core.formats import iso
from backend.core.money import plain

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
OTHER = "other"
NFT = "nft"
EXACT = Context(prec=120)
ChainState = Literal["fresh", "stale", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPart:
    """What is held on one chain as of one block.

    `state`: read just now, an earlier reading shown again (`taken_at` says of when), or unknown: it has no value then.
    """

    chain_id: int
    value_usd: Decimal | None
    block_number: int | None
    block_hash: str | None
    taken_at: datetime | None
    state: ChainState
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldIn:
    """The position in a protocol that a holding is a part of, and as what: principal, fees, rewards or debt.

    `identifiers` name the position (pool, token id, ...); `health_factor` is that of the account, None without debt or
    when it is unknown.
    """

    kind: str
    role: str
    identifiers: Mapping[str, str]
    health_factor: Decimal | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NftHeld:
    """What is held of a collection: its standard (erc721 or erc1155), its own name, and which pieces of it.

    `token_ids` are decimal numbers as text; `has_more`: there are pieces of which the id is not known here.
    """

    standard: str
    name: str | None
    token_ids: tuple[str, ...]
    has_more: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPart:
    """One holding of one wallet: its exact amount, its price with source and time. None is unknown, never zero.

    `price_detail` says what of the source exactly: the pool, the feed, or that it is taken as exactly $1.
    What is owed has a negative amount and value. `position` is that of `protocol` which it is a part of.
    With `nft` it is the pieces of a collection: `token` is that, decimals are 0, the price is the collection's floor.
    """

    chain_id: int
    token: str
    wallet: str
    symbol: str | None
    decimals: int | None
    amount_raw: int | None
    price_usd: Decimal | None
    price_source: str | None
    price_taken_at: datetime | None
    value_usd: Decimal | None
    price_detail: str | None = None
    category: str | None = None
    protocol: str | None = None
    position: HeldIn | None = None
    nft: NftHeld | None = None

    @property
    def is_apart(self) -> bool:
        """True for pieces of a collection without a floor: they are shown by themselves and counted nowhere."""
        return self.nft is not None and self.nft.problem is None and self.price_usd is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a portfolio was worth at a moment, and of what.

    `is_complete` is False when something known to be held could not be read or valued: the total is then the worth of
    what is known. `net_flow_usd` is what came in less what went out since the snapshot before; None when unknown.
    """

    user_id: UUID
    taken_at: datetime
    total_value_usd: Decimal
    is_complete: bool
    chains: tuple[ChainPart, ...]
    assets: tuple[AssetPart, ...]
    net_flow_usd: Decimal | None = None
    withdrawn_at: datetime | None = None

    @property
    def hour(self) -> datetime:
        """The hour (UTC) it is the snapshot of."""
        return hour_of(self.taken_at)

    @property
    def holdings(self) -> tuple[AssetPart, ...]:
        """What counts as held: all parts but those that are shown apart."""
        return tuple(part for part in self.assets if not part.is_apart)

    def categories_usd(self) -> dict[str, Decimal]:
        """Return the known value by category; holdings without one are under `other`."""
        return sum_by((part.category or OTHER, part.value_usd) for part in self.assets)

    def chains_usd(self) -> dict[int, Decimal]:
        """Return the value of each chain that has a known one."""
        return {part.chain_id: part.value_usd for part in self.chains if part.value_usd is not None}


def make_snapshot(
    user_id: UUID,
    taken_at: datetime,
    chains: Sequence[ChainPart],
    assets: Sequence[AssetPart],
    *,
    is_complete: bool,
    net_flow_usd: Decimal | None = None,
) -> Snapshot:
    """Return a snapshot whose total and chains are the exact sums of its holdings.

    A chain's `value_usd` is made here: the sum of its holdings' known values, None where its state is unknown. Raises
    ValueError for a holding on a chain that is not among `chains`, a chain named twice, or an unknown chain with value.
    """
    by_chain = sum_by((part.chain_id, part.value_usd) for part in assets)
    named = [part.chain_id for part in chains]
    if len(set(named)) != len(named) or by_chain.keys() - set(named):
        raise ValueError("every chain of a snapshot stands in it once, and holdings are on one of them")
    placed = []
    for part in chains:
        if part.state == "unknown" and by_chain.get(part.chain_id):
            raise ValueError(f"chain {part.chain_id} is unknown and has holdings with a value")
        worth = None if part.state == "unknown" else by_chain.get(part.chain_id, Decimal(0))
        placed.append(
            ChainPart(
                chain_id=part.chain_id,
                value_usd=worth,
                block_number=part.block_number,
                block_hash=part.block_hash,
                taken_at=part.taken_at,
                state=part.state,
                problem=part.problem,
            )
        )
    with localcontext(EXACT):
        total = sum(by_chain.values(), Decimal(0))
    return Snapshot(
        user_id=user_id,
        taken_at=taken_at.astimezone(UTC),
        total_value_usd=total,
        is_complete=is_complete and all(part.state != "unknown" for part in placed),
        chains=tuple(placed),
        assets=tuple(assets),
        net_flow_usd=net_flow_usd,
    )


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's hour in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's day in UTC."""
    return hour_of(moment).replace(hour=0)


def week_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's week in UTC: Monday, midnight."""
    day = day_of(moment)
    return day - day.weekday() * DAY


def sum_by(parts: Iterable[tuple[Any, Decimal | None]]) -> dict[Any, Decimal]:
    """Return exact sums by key; what is unknown adds nothing, a key of unknowns alone is not there."""
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    with localcontext(EXACT):
        for key, value in parts:
            if value is not None:
                sums[key] += value
    return dict(sums)


def row_of(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as a JSON-ready row of `portfolio_snapshots`."""
    return {
        "user_id": str(snapshot.user_id),
        "hour": snapshot.hour.isoformat(),
        "taken_at": snapshot.taken_at.isoformat(),
        "total_value_usd": plain(snapshot.total_value_usd),
        "net_flow_usd": _money(snapshot.net_flow_usd),
        "is_complete": snapshot.is_complete,
        "chain_breakdown": {str(part.chain_id): _chain_fields(part) for part in snapshot.chains},
        "asset_breakdown": [_asset_fields(part) for part in snapshot.assets],
        "category_breakdown": {name: plain(value) for name, value in snapshot.categories_usd().items()},
    }


def snapshot_of(row: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that a row of `portfolio_snapshots` is."""
    return Snapshot(
        user_id=row["user_id"],
        taken_at=row["taken_at"].astimezone(UTC),
        total_value_usd=row["total_value_usd"],
        is_complete=row["is_complete"],
        chains=tuple(_chain_of(int(chain_id), part) for chain_id, part in row["chain_breakdown"].items()),
        assets=tuple(_asset_of(part) for part in row["asset_breakdown"]),
        net_flow_usd=row["net_flow_usd"],
        withdrawn_at=row["withdrawn_at"],
    )


def _chain_fields(part: ChainPart) -> dict[str, Any]:
    return {
        "valueUsd": _money(part.value_usd),
        "block": part.block_number,
        "blockHash": part.block_hash,
        "takenAt": iso(part.taken_at) or None,
        "state": part.state,
        "problem": _text(part.problem),
    }


def _chain_of(chain_id: int, part: Mapping[str, Any]) -> ChainPart:
    return ChainPart(
        chain_id=chain_id,
        value_usd=_decimal(part["valueUsd"]),
        block_number=part["block"],
        block_hash=part["blockHash"],
        taken_at=_instant(part["takenAt"]),
        state=part["state"],
        problem=part["problem"],
    )


def _asset_fields(part: AssetPart) -> dict[str, Any]:
    return {
        "chainId": part.chain_id,
        "token": part.token,
        "wallet": part.wallet,
        "symbol": _text(part.symbol),
        "decimals": part.decimals,
        "amountRaw": None if part.amount_raw is None else str(part.amount_raw),
        "priceUsd": _money(part.price_usd),
        "priceSource": _text(part.price_source),
        "priceDetail": _text(part.price_detail),
        "priceTakenAt": _iso(part.price_taken_at),
        "valueUsd": _money(part.value_usd),
        "category": part.category,
        "protocol": part.protocol,
        "position": None if part.position is None else _position_fields(part.position),
        **({} if part.nft is None else {"nft": _nft_fields(part.nft)}),
    }


def _asset_of(part: Mapping[str, Any]) -> AssetPart:
    return AssetPart(
        chain_id=part["chainId"],
        token=part["token"],
        wallet=part["wallet"],
        symbol=part["symbol"],
        decimals=part["decimals"],
        amount_raw=None if part["amountRaw"] is None else int(part["amountRaw"]),
        price_usd=_decimal(part["priceUsd"]),
        price_source=part["priceSource"],
        price_detail=part.get("priceDetail"),
        price_taken_at=_instant(part["priceTakenAt"]),
        value_usd=_decimal(part["valueUsd"]),
        category=part["category"],
        protocol=part["protocol"],
        position=_position_of(part.get("position")),
        nft=_nft_of(part.get("nft")),
    )


def _position_fields(held: HeldIn) -> dict[str, Any]:
    return {
        "kind": held.kind,
        "role": held.role,
        "identifiers": dict(held.identifiers),
        "healthFactor": _money(held.health_factor),
        "problem": _text(held.problem),
    }


def _position_of(fields: Mapping[str, Any] | None) -> HeldIn | None:
    if fields is None:
        return None
    return HeldIn(
        kind=fields["kind"],
        role=fields["role"],
        identifiers=fields["identifiers"],
        health_factor=_decimal(fields["healthFactor"]),
        problem=fields["problem"],
    )


def _nft_fields(held: NftHeld) -> dict[str, Any]:
    return {
        "standard": held.standard,
        "name": _text(held.name),
        "tokenIds": list(held.token_ids),
        "hasMore": held.has_more,
        "problem": held.problem,
    }


def _nft_of(fields: Mapping[str, Any] | None) -> NftHeld | None:
    if fields is None:
        return None
    return NftHeld(
        standard=fields["standard"],
        name=fields["name"],
        token_ids=tuple(fields["tokenIds"]),
        has_more=fields["hasMore"],
        problem=fields["problem"],
    )


@lru_cache(maxsize=4096)
def _iso(moment: datetime | None) -> str | None:
    """Return an instant as text; the holdings of a snapshot share a few."""
    return iso(moment) or None


def _money(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _instant(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _text(value: str | None) -> str | None:
    """Return text without NUL characters, which PostgreSQL cannot hold; symbols come from anybody's contract."""
    return None if value is None else value.replace("\0", "")
