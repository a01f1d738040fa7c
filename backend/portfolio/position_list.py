"""The positions of a snapshot as the API answers them, put together again from their parts; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from backend.chain.registry import chain_name
from backend.core.money import token_amount
from backend.portfolio.engine.uniswap.range_price import price_of_sqrt, price_of_tick
from backend.portfolio.schemas import PositionList, PositionPartRead, PositionRead, PriceRangeRead
from backend.portfolio.snapshots.records import EXACT, AssetPart, ChainPart, HeldIn, Snapshot

_Key = tuple[int, str, str | None, str, tuple[tuple[str, str], ...]]


def position_list(snapshot: Snapshot | None, chain_id: int | None = None, wallet: str | None = None) -> PositionList:
    """Return the positions of a snapshot, on one chain or of one wallet if asked for, the most valuable first."""
    if snapshot is None:
        return PositionList(taken_at=None, is_complete=None, items=[])
    grouped: dict[_Key, list[tuple[AssetPart, HeldIn]]] = {}
    for part in snapshot.assets:
        held = part.position
        if held is None or (chain_id is not None and part.chain_id != chain_id):
            continue
        if wallet is None or part.wallet.lower() == wallet.lower():
            named = tuple(sorted(held.identifiers.items()))
            key = (part.chain_id, part.wallet, part.protocol, held.kind, named)
            grouped.setdefault(key, []).append((part, held))
    blocks = {part.chain_id: part for part in snapshot.chains}
    known = {(part.chain_id, part.token): part for part in snapshot.assets if part.decimals is not None}
    items = [_read(parts, blocks[parts[0][0].chain_id], known) for parts in grouped.values()]
    items.sort(key=lambda item: (item.value_usd is None, -(item.value_usd or 0), item.chain_id, item.protocol))
    return PositionList(taken_at=snapshot.taken_at, is_complete=snapshot.is_complete, items=items)


def _read(
    parts: Sequence[tuple[AssetPart, HeldIn]], chain: ChainPart, known: Mapping[tuple[int, str], AssetPart]
) -> PositionRead:
    first, held = parts[0]
    return PositionRead(
        chain_id=first.chain_id,
        chain=chain_name(first.chain_id),
        wallet=first.wallet,
        protocol=first.protocol or "",
        kind=held.kind,
        identifiers=dict(held.identifiers),
        parts=[_part(part, each) for part, each in parts],
        value_usd=_worth([part for part, _ in parts]),
        fees_usd=_worth([part for part, each in parts if each.role in ("fees", "rewards")]),
        health_factor=held.health_factor,
        price_range=_range(first.chain_id, held.identifiers, known),
        problem=held.problem,
        block_number=chain.block_number,
        block_hash=chain.block_hash,
        taken_at=chain.taken_at,
    )


def _range(
    chain_id: int, identifiers: Mapping[str, str], known: Mapping[tuple[int, str], AssetPart]
) -> PriceRangeRead | None:
    """Return the price range of a V3 position, None for what has none or whose tokens' decimals are not known."""
    pair = identifiers.get("token0", ""), identifiers.get("token1", "")
    ends = identifiers.get("tick_lower"), identifiers.get("tick_upper")
    held = [known.get((chain_id, token)) for token in pair]
    if ends[0] is None or ends[1] is None or held[0] is None or held[1] is None:
        return None
    places = held[0].decimals or 0, held[1].decimals or 0
    root, inside = identifiers.get("sqrt_price_x96"), identifiers.get("in_range")
    return PriceRangeRead(
        token0=pair[0],
        token1=pair[1],
        symbol0=held[0].symbol,
        symbol1=held[1].symbol,
        lower_price=price_of_tick(int(ends[0]), *places),
        upper_price=price_of_tick(int(ends[1]), *places),
        price=None if root is None else price_of_sqrt(int(root), *places),
        is_in_range=None if inside is None else inside == "yes",
    )


def _part(part: AssetPart, held: HeldIn) -> PositionPartRead:
    raw, decimals = part.amount_raw, part.decimals
    return PositionPartRead(
        token=part.token,
        symbol=part.symbol,
        role=held.role,
        amount_raw=None if raw is None else str(raw),
        amount=None if raw is None or decimals is None else token_amount(raw, decimals),
        price_usd=part.price_usd,
        price_source=part.price_source,
        price_detail=part.price_detail,
        price_taken_at=part.price_taken_at,
        value_usd=part.value_usd,
    )


def _worth(parts: Sequence[AssetPart]) -> Decimal | None:
    """Return the worth of parts together, None when that of one is unknown."""
    values = [part.value_usd for part in parts if part.value_usd is not None]
    with localcontext(EXACT):
        return sum(values, Decimal(0)) if len(values) == len(parts) else None


def explained_tokens(snapshot: Snapshot | None) -> dict[tuple[int, str], str]:
    """Return the tokens that stand for positions of a snapshot, by (chain, address), with the protocol of each.

    LP tokens, vault shares, aTokens and debts are what identifies their positions; the portfolio counts those instead.
    """
    found: dict[tuple[int, str], str] = {}
    for part in snapshot.assets if snapshot else ():
        for place in part.position.identifiers.values() if part.position else ():
            if place.startswith("0x"):
                found[part.chain_id, place.lower()] = part.protocol or ""
    return found
