"""What collections say of themselves: standard (by ERC-165), name, symbol; and which pieces they count for a wallet.

Interface ids as EIP-165, EIP-721 and EIP-1155 give them. Contracts may lie; what they say counts for them alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.chain.multicall import Read, read_many
from backend.chain.rpc.pool import RpcPool
from backend.chain.tokens import text_of
from backend.portfolio.nfts.logs import MOST_IDS
from backend.portfolio.nfts.pieces import ERC721, ERC1155, count_of
from backend.portfolio.protocols import words

_SUPPORTS, _SYMBOL, _NAME = "01ffc9a7", "95d89b41", "06fdde03"
_BALANCE_OF, _OF_OWNER = "70a08231", "2f745c59"
_ERC165, _NOTHING, _ERC721, _ERC1155, _ENUMERABLE = 0x01FFC9A7, 0xFFFFFFFF, 0x80AC58CD, 0xD9B67A26, 0x780E9D63
_INTERFACES = (_ERC165, _NOTHING, _ERC721, _ERC1155, _ENUMERABLE)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection's own words. `standard` is None when it claims neither ERC-721 nor ERC-1155, or both."""

    address: str
    standard: str | None
    is_enumerable: bool
    symbol: str | None
    name: str | None


async def read_collections(rpc: RpcPool, addresses: Iterable[str], multicall3: str | None) -> list[Collection]:
    """Return what each contract (lower-case address) says of itself. Raises RpcError or AllProvidersDownError."""
    wanted = list(addresses)
    reads = [read for address in wanted for read in _reads(address)]
    answers = await read_many(rpc, reads, multicall3=multicall3)
    each = len(_INTERFACES) + 2
    return [collection_of(address, answers[each * at : each * (at + 1)]) for at, address in enumerate(wanted)]


def _reads(address: str) -> list[Read]:
    asked = [words.call(address, _SUPPORTS, interface << 224) for interface in _INTERFACES]
    return [*asked, words.call(address, _SYMBOL), words.call(address, _NAME)]


def collection_of(address: str, answers: Sequence[bytes | None]) -> Collection:
    """Return what the answers to these questions come to: who says yes to everything follows nothing (ERC-165)."""
    says, anything, is_721, is_1155, counts = (words.uint(answer) == 1 for answer in answers[: len(_INTERFACES)])
    symbol, name = answers[len(_INTERFACES) :]
    standard = None
    if says and not anything and is_721 != is_1155:
        standard = ERC721 if is_721 else ERC1155
    return Collection(address, standard, standard == ERC721 and counts, text_of(symbol, 32), text_of(name, 64))


async def counted_ids(
    rpc: RpcPool, pairs: Sequence[tuple[str, str]], multicall3: str | None
) -> dict[tuple[str, str], tuple[list[int], bool]]:
    """Return the ids that ERC721Enumerable collections count for (wallet, collection), and whether there are more.

    As of now; at most MOST_IDS of each. Raises RpcError or AllProvidersDownError.
    """
    counts = await read_many(rpc, [words.call(c, _BALANCE_OF, wallet) for wallet, c in pairs], multicall3=multicall3)
    held = [(pair, count_of(answer) or 0) for pair, answer in zip(pairs, counts, strict=True)]
    places = [(pair, place) for pair, count in held for place in range(min(count, MOST_IDS))]
    reads = [words.call(collection, _OF_OWNER, wallet, place) for (wallet, collection), place in places]
    answers = await read_many(rpc, reads, multicall3=multicall3)
    found: dict[tuple[str, str], tuple[list[int], bool]] = {pair: ([], count > MOST_IDS) for pair, count in held}
    for (pair, _), answer in zip(places, answers, strict=True):
        token_id = words.uint(answer)
        if token_id is not None:
            found[pair][0].append(token_id)
    return found
