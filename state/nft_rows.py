"""What the page of NFTs shows: strings, ready to read. Unknown is never zero, and names are untrusted text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.portfolio.nfts.schemas import FoundCollection, NftList, NftRead
from components.i18n import t
from state.portfolio_rows import wallet_name
from state.view_models import KpiTile

_IDS_SHOWN = 3
_LONG_ID = 12


@dataclass(frozen=True, slots=True)
class NftRow:
    """The pieces of one collection in one wallet; `ids` are some of their numbers, `all_ids` all that are known."""

    key: str
    chain_id: int
    collection: str
    name: str
    symbol: str
    standard: str
    short: str
    url: str
    chain: str
    wallet: str
    wallet_name: str
    pieces: str
    ids: str
    all_ids: str
    floor: str
    floor_detail: str
    source: str
    floor_at: str
    value: str
    why: str
    block: str
    read_at: str


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """One collection and the verdict on it; `reasons` are sentences, `by_user` says whose word it is."""

    key: str
    chain_id: int
    collection: str
    name: str
    symbol: str
    short: str
    url: str
    chain: str
    seen: str
    reasons: list[str]
    by_user: bool
    can_show: bool
    decided_at: str


def nft_rows(found: NftList, names: Mapping[str, str], *, counted: bool) -> list[NftRow]:
    """Return the NFTs that count, or those that are shown apart; `names` are wallets' by lower-case address."""
    return [_row(each, names) for each in found.items if each.is_counted is counted]


def _row(read: NftRead, names: Mapping[str, str]) -> NftRow:
    chain = find_chain(read.chain_id)
    return NftRow(
        key=f"{read.chain_id}:{read.collection}:{read.wallet.lower()}",
        chain_id=read.chain_id,
        collection=read.collection,
        name=_name(read.name, read.symbol, read.collection),
        symbol=_symbol(read.name, read.symbol),
        standard=t(f"nfts.{read.standard}"),
        short=formats.address(read.collection),
        url=(chain.address_url(read.collection) or "") if chain else "",
        chain=read.chain,
        wallet=read.wallet,
        wallet_name=wallet_name(read.wallet, names),
        pieces=_pieces(read),
        ids=_ids(read),
        all_ids=", ".join(f"#{each}" for each in read.token_ids),
        floor=formats.usd(read.floor_usd),
        floor_detail=formats.untrusted_text(read.floor_detail, 80) if read.floor_detail else "",
        source=formats.untrusted_text(read.floor_source) if read.floor_source else "",
        floor_at=formats.iso(read.floor_taken_at),
        value=formats.usd(read.value_usd),
        why=read.problem or "",
        block="" if read.block_number is None else t("portfolio.block", block=formats.number(read.block_number)),
        read_at=formats.iso(read.taken_at),
    )


def collection_rows(found: Sequence[FoundCollection]) -> list[CollectionRow]:
    """Return collections, each once however many wallets were sent it."""
    known: dict[tuple[int, str], list[FoundCollection]] = {}
    for each in found:
        known.setdefault((each.chain_id, each.collection), []).append(each)
    return [_collection(of) for of in known.values()]


def _collection(of: Sequence[FoundCollection]) -> CollectionRow:
    first = of[0]
    chain = find_chain(first.chain_id)
    by_user = first.decided_by == "user"
    seen = sum(each.pieces_seen for each in of)
    return CollectionRow(
        key=f"{first.chain_id}:{first.collection}",
        chain_id=first.chain_id,
        collection=first.collection,
        name=_name(first.name, first.symbol, first.collection),
        symbol=_symbol(first.name, first.symbol),
        short=formats.address(first.collection),
        url=(chain.address_url(first.collection) or "") if chain else "",
        chain=chain_name(first.chain_id),
        seen=t("nfts.seen_one" if seen == 1 else "nfts.seen", count=formats.number(seen)),
        reasons=([t("nfts.by_you")] if by_user and first.is_spam else []) + list(first.reasons),
        by_user=by_user,
        can_show=first.standard is not None,
        decided_at=formats.iso(first.decided_at),
    )


def tiles_of(found: NftList) -> list[KpiTile]:
    """Return the figures on top: value by floors, what it is of, and what is shown apart."""
    counted = [each for each in found.items if each.is_counted]
    apart = [each for each in found.items if not each.is_counted]
    as_of = formats.iso(found.taken_at)
    lacking = sum(each.value_usd is None for each in counted)
    return [
        KpiTile(
            key="nfts-value",
            label=t("nfts.value_total"),
            value=formats.usd(found.value_usd) if counted else formats.UNKNOWN,
            note=t("nfts.value_partly", count=formats.number(lacking)) if lacking else t("nfts.value_note"),
            source=t("nfts.value_source"),
            as_of=as_of,
        ),
        KpiTile(
            key="nfts-counted",
            label=t("nfts.counted"),
            value=formats.number(len(counted)),
            note=_pieces_of(counted),
            source=t("nfts.pieces_source"),
            as_of=as_of,
        ),
        KpiTile(
            key="nfts-apart",
            label=t("nfts.apart"),
            value=formats.number(len(apart)),
            note=_pieces_of(apart),
            source=t("nfts.apart_source"),
            as_of=as_of,
        ),
    ]


def _pieces_of(reads: Sequence[NftRead]) -> str:
    known = [int(each.pieces) for each in reads if each.pieces is not None]
    return t("nfts.pieces_count", count=formats.number(sum(known))) if known else ""


def _pieces(read: NftRead) -> str:
    if read.pieces is None:
        return formats.UNKNOWN
    number = formats.number(int(read.pieces))
    # Of ERC-1155 only ids that are known can be asked for: there may be more pieces than these.
    return t("nfts.at_least", count=number) if read.standard == "erc1155" and read.has_more else number


def _ids(read: NftRead) -> str:
    shown = ", ".join(f"#{_short(each)}" for each in read.token_ids[:_IDS_SHOWN])
    is_all = len(read.token_ids) <= _IDS_SHOWN and not read.has_more
    return shown if is_all or not shown else t("nfts.ids_more", ids=shown)


def _short(token_id: str) -> str:
    return token_id if len(token_id) <= _LONG_ID else f"{token_id[:5]}\u2026{token_id[-4:]}"


def _name(name: str | None, symbol: str | None, collection: str) -> str:
    text = name or symbol
    return formats.untrusted_text(text, 60) if text else formats.address(collection)


def _symbol(name: str | None, symbol: str | None) -> str:
    return formats.untrusted_text(symbol) if symbol and name and symbol != name else ""
