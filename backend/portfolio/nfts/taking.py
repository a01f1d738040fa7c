"""A user's pieces on one chain as holdings of a snapshot, from what was read and what a floor is known of; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.portfolio.engine.valuation import known_value_usd
from backend.portfolio.nfts.pieces import Pieces, Wanted
from backend.portfolio.nfts.reading import ChainNfts
from backend.portfolio.prices import Key, Price
from backend.portfolio.snapshots.records import NFT, AssetPart, NftHeld

MOST_IDS_KEPT = 50  # of a holding, in a snapshot
FLOOR_LOST = "The floor price that it had in the last snapshot is not known now."


def nfts_need_last(chain_id: int, wanted: Sequence[Wanted], read: ChainNfts, floors: Mapping[Key, Price]) -> bool:
    """Return whether the last snapshot is needed: something was not read, or has no floor."""
    if read.problem is not None:
        return True
    for each in wanted:
        count = read.by_pair[each.wallet, each.collection].count
        if count is None or (count and (chain_id, each.collection) not in floors):
            return True
    return False


def held_nfts(
    chain_id: int,
    wanted: Sequence[Wanted],
    read: ChainNfts,
    floors: Mapping[Key, Price],
    earlier: Sequence[AssetPart],
) -> tuple[list[AssetPart], bool]:
    """Return what wallets hold of collections, and whether all of it is known; `earlier` is of the last snapshot.

    A collection that never had a floor is held without a value, and that hides nothing. What a contract refuses to say
    of pieces that were never held is its own doing.
    """
    before = {(part.wallet, part.token): part for part in earlier if part.nft is not None}
    if read.problem is not None:
        return [_unread(part, read.problem) for part in before.values()], False
    parts: list[AssetPart] = []
    sound = True
    for each in wanted:
        pieces = read.by_pair[each.wallet, each.collection]
        last = before.get((each.wallet, each.collection))
        if pieces.count == 0 or (pieces.count is None and last is None):
            continue
        had_floor = last is not None and last.price_usd is not None
        part = _part(chain_id, each, pieces, floors.get((chain_id, each.collection)), had_floor)
        sound = sound and pieces.count is not None and not (had_floor and part.price_usd is None)
        parts.append(part)
    return parts, sound


def _part(chain_id: int, wanted: Wanted, pieces: Pieces, floor: Price | None, had_floor: bool) -> AssetPart:
    price = floor.price_usd if floor else None
    return AssetPart(
        chain_id=chain_id,
        token=wanted.collection,
        wallet=wanted.wallet,
        symbol=wanted.symbol or wanted.name,
        decimals=0,
        amount_raw=pieces.count,
        price_usd=price,
        price_source=floor.source if floor else None,
        price_detail=(floor.detail or None) if floor else None,
        price_taken_at=floor.taken_at if floor else None,
        value_usd=known_value_usd(pieces.count, 0, price),
        category=NFT,
        nft=NftHeld(
            standard=wanted.standard,
            name=wanted.name,
            token_ids=tuple(str(each) for each in pieces.token_ids[:MOST_IDS_KEPT]),
            has_more=pieces.has_more or len(pieces.token_ids) > MOST_IDS_KEPT,
            problem=pieces.problem or (FLOOR_LOST if had_floor and floor is None else None),
        ),
    )


def _unread(part: AssetPart, problem: str) -> AssetPart:
    """Return a holding of the last snapshot of which nothing is known now."""
    assert part.nft is not None
    return replace(part, amount_raw=None, value_usd=None, nft=replace(part.nft, problem=problem))
