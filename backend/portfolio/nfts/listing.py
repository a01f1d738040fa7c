"""The NFTs of a snapshot as the API and the page show them; pure."""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from backend.chain.registry import chain_name
from backend.portfolio.nfts.schemas import NftList, NftRead
from backend.portfolio.snapshots.records import EXACT, AssetPart, ChainPart, NftHeld, Snapshot


def nft_list(snapshot: Snapshot | None, chain_id: int | None = None, wallet: str | None = None) -> NftList:
    """Return the NFTs of a snapshot, on one chain or of one wallet if asked for, the most valuable first."""
    if snapshot is None:
        return NftList(taken_at=None, is_complete=None, value_usd=None, items=[], total=0)
    chains = {part.chain_id: part for part in snapshot.chains}
    found = [
        (part, part.nft)
        for part in snapshot.assets
        if part.nft is not None
        and (chain_id is None or part.chain_id == chain_id)
        and (wallet is None or part.wallet.lower() == wallet.lower())
    ]
    found.sort(key=lambda item: _place(item[0]))
    return NftList(
        taken_at=snapshot.taken_at,
        is_complete=snapshot.is_complete,
        value_usd=_worth([part for part, _ in found]),
        items=[_read(part, held, chains[part.chain_id]) for part, held in found],
        total=len(found),
    )


def _place(part: AssetPart) -> tuple[bool, bool, Decimal, int, str, str]:
    value = part.value_usd
    return part.is_apart, value is None, -(value or Decimal(0)), part.chain_id, part.token, part.wallet


def _worth(parts: Sequence[AssetPart]) -> Decimal:
    with localcontext(EXACT):
        return sum((part.value_usd for part in parts if part.value_usd is not None), Decimal(0))


def _read(part: AssetPart, held: NftHeld, chain: ChainPart) -> NftRead:
    return NftRead(
        chain_id=part.chain_id,
        chain=chain_name(part.chain_id),
        wallet=part.wallet,
        collection=part.token,
        name=held.name,
        symbol=part.symbol,
        standard="erc1155" if held.standard == "erc1155" else "erc721",
        pieces=None if part.amount_raw is None else str(part.amount_raw),
        token_ids=list(held.token_ids),
        has_more=held.has_more,
        floor_usd=part.price_usd,
        floor_source=part.price_source,
        floor_detail=part.price_detail,
        floor_taken_at=part.price_taken_at,
        value_usd=part.value_usd,
        is_counted=not part.is_apart,
        problem=held.problem,
        block_number=chain.block_number,
        block_hash=chain.block_hash,
        taken_at=chain.taken_at,
    )
