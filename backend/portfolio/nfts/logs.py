"""Pieces of NFT collections in a chain's logs: ERC-721's Transfer, ERC-1155's TransferSingle and TransferBatch; pure.

Topics and shapes as EIP-721 and EIP-1155 define them. Logs come from anybody's contract: what does not fit is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from backend.chain.blocks import Log
from backend.portfolio.protocols import words

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
TRANSFER_SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"
TRANSFER_BATCH = "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb"
MOST_IDS = 200  # of one collection in one wallet that are kept


@dataclass(slots=True)
class Received:
    """What a wallet was sent of a collection: ids, whether there were more than MOST_IDS, and the first transfer."""

    first_tx: str
    first_block: int
    token_ids: set[int] = field(default_factory=set)
    has_more: bool = False


Found = dict[tuple[str, str], Received]  # by (wallet, collection)


def note_received(found: Found, wallets: Iterable[str], logs: Sequence[Log]) -> None:
    """Add what the wallets (lower case) were sent in these logs."""
    known = set(wallets)
    for log in logs:
        sent = sent_in(log)
        if sent is None or sent[0] not in known:
            continue
        wallet, token_ids = sent
        received = found.setdefault((wallet, log.address), Received(log.tx_hash, log.block_number))
        for token_id in token_ids:
            if token_id in received.token_ids:
                continue
            if len(received.token_ids) >= MOST_IDS:
                received.has_more = True
                break
            received.token_ids.add(token_id)


def sent_in(log: Log) -> tuple[str, list[int]] | None:
    """Return (recipient, token ids) of a transfer of NFTs, None for any other log.

    Of a batch the first MOST_IDS + 1 ids are returned.
    """
    if len(log.topics) != 4:
        return None
    if log.topics[0] == TRANSFER and log.data == b"":
        # ERC-20's Transfer has three topics; the fourth of ERC-721's is the piece.
        return _address(log.topics[2]), [int(log.topics[3], 16)]
    if log.topics[0] == TRANSFER_SINGLE:
        said = words.uints(log.data, 2)
        return None if said is None else (_address(log.topics[3]), [said[0]] if said[1] else [])
    if log.topics[0] == TRANSFER_BATCH:
        token_ids = _ids(log.data)
        return None if token_ids is None else (_address(log.topics[3]), token_ids)
    return None


def _ids(data: bytes) -> list[int] | None:
    """Return the ids of `(uint256[] ids, uint256[] values)`."""
    head = words.uints(data, 2)
    if head is None or head[0] % 32 or head[0] > len(data):
        return None
    length = words.uint(data[head[0] :])
    if length is None:
        return None
    found = words.uints(data[head[0] + 32 :], length)
    return None if found is None else list(found[: MOST_IDS + 1])


def _address(topic: str) -> str:
    return "0x" + topic[26:]
