"""How many pieces of a collection a wallet holds, from what its contract answers; pure.

A contract may answer anything. What contradicts itself is unknown, with the reason; it is never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.portfolio.protocols import words

ERC721, ERC1155 = "erc721", "erc1155"
NOT_SAID = "The collection's contract did not say how many pieces the wallet holds as of the block."
CONTRADICTS = "The collection's contract contradicts itself about what the wallet holds."
_COUNT_BITS, _AMOUNT_BITS = 64, 128  # no honest collection has more pieces, or more of one


@dataclass(frozen=True, slots=True)
class Wanted:
    """A collection to read for a wallet: both lower case; `token_ids` are those it was ever sent."""

    wallet: str
    collection: str
    standard: str
    token_ids: tuple[int, ...]
    has_more: bool = False
    symbol: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a wallet holds of a collection: None is unknown, and `problem` says why.

    `has_more`: there are more pieces than the ids say. Of ERC-1155 those are then not in the count, since only ids can
    be asked for.
    """

    count: int | None
    token_ids: tuple[int, ...] = ()
    has_more: bool = False
    problem: str | None = None


def count_of(balance: bytes | None) -> int | None:
    """Return what `balanceOf(owner)` of an ERC-721 says, None when it is no count."""
    return words.uint(balance, _COUNT_BITS)


def pieces_721(wanted: Wanted, count: int | None, owners: Sequence[bytes | None]) -> Pieces:
    """Return the pieces of an ERC-721: as many as `balanceOf` says, of which those ids are known that it owns.

    `owners` are the answers of `ownerOf`, in the order of the wanted ids; a burned piece has none.
    """
    if count is None:
        return Pieces(None, problem=NOT_SAID)
    owned = tuple(
        token_id
        for token_id, owner in zip(wanted.token_ids, owners, strict=bool(owners))
        if words.address(words.uint(owner) or 0) == wanted.wallet
    )
    if len(owned) > count:
        return Pieces(None, problem=CONTRADICTS)
    return Pieces(count, owned, has_more=count > len(owned))


def pieces_1155(wanted: Wanted, balances: Sequence[bytes | None]) -> Pieces:
    """Return the pieces of an ERC-1155: the sum over its ids of what `balanceOf(owner, id)` says."""
    amounts = [words.uint(answer, _AMOUNT_BITS) for answer in balances]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return Pieces(None, problem=NOT_SAID)
    held = tuple(token_id for token_id, amount in zip(wanted.token_ids, known, strict=True) if amount)
    return Pieces(sum(known), held, has_more=wanted.has_more)
