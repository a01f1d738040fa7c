"""Pieces that wallets hold on a chain, as of the block that its balances were read at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.chain.blocks import Header
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.logging import get_logger
from backend.portfolio.balances.sheet import ChainBalances
from backend.portfolio.nfts.pieces import ERC721, Pieces, Wanted, count_of, pieces_721, pieces_1155
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import BlockReader
from backend.portfolio.protocols.reader import CHAIN_SECONDS, read_pinned

log = get_logger(__name__)
_BALANCE_OF, _OWNER_OF, _BALANCE_OF_ID = "70a08231", "6352211e", "00fdd58e"


@dataclass(frozen=True, slots=True)
class ChainNfts:
    """Pieces by (wallet, collection); with a `problem` none of them is known."""

    by_pair: Mapping[tuple[str, str], Pieces] = field(default_factory=dict)
    problem: str | None = None


async def nfts_of(
    rpc: RpcPool,
    sheet: ChainBalances,
    wanted: Sequence[Wanted],
    multicall3: str | None,
    budget_seconds: float = CHAIN_SECONDS,
) -> ChainNfts:
    """Return the pieces held as of a sheet's block. Never raises: what cannot be read says why."""
    if sheet.block is None or not wanted:
        return ChainNfts()

    async def read(reader: BlockReader, block: Header) -> dict[tuple[str, str], Pieces]:
        return await read_pieces(reader, wanted)

    try:
        _, found = await read_pinned(rpc, read, multicall3, sheet.block, budget_seconds)
    except (RpcError, AllProvidersDownError) as error:
        log.warning("NFTs not read", chain_id=rpc.chain_id, collections=len(wanted), reason=error.message[:200])
        return ChainNfts(problem="NFTs could not be read as of the block of the balances.")
    return ChainNfts(found)


async def read_pieces(reader: BlockReader, wanted: Sequence[Wanted]) -> dict[tuple[str, str], Pieces]:
    """Return the pieces of each, in two rounds: counts and amounts, then the owners of what may be held.

    Raises RpcError when the chain cannot be read.
    """
    counted = [each for each in wanted if each.standard == ERC721]
    others = [each for each in wanted if each.standard != ERC721]
    counts = [words.call(each.collection, _BALANCE_OF, each.wallet) for each in counted]
    amounts = [
        words.call(each.collection, _BALANCE_OF_ID, each.wallet, token_id)
        for each in others
        for token_id in each.token_ids
    ]
    answers = await reader.read([*counts, *amounts])
    found: dict[tuple[str, str], Pieces] = {}
    at = len(counts)
    for each in others:
        found[each.wallet, each.collection] = pieces_1155(each, answers[at : at + len(each.token_ids)])
        at += len(each.token_ids)
    held = [(each, count_of(answer)) for each, answer in zip(counted, answers, strict=False)]
    asked = [each for each, count in held if count]
    reads = [words.call(each.collection, _OWNER_OF, token_id) for each in asked for token_id in each.token_ids]
    owners = await reader.read(reads)
    at = 0
    for each, count in held:
        # Who holds nothing by the contract's own word owns no piece, and one that does not say is not asked again.
        mine = owners[at : at + len(each.token_ids)] if count else []
        found[each.wallet, each.collection] = pieces_721(each, count, mine)
        at += len(mine)
    return found
