"""How a collection came to a wallet: asked for, or sent to a crowd. Two questions of the chain a collection."""

from typing import Any

from backend.chain.blocks import Log, address20, parse_logs
from backend.chain.rpc.errors import RpcMissingError
from backend.chain.rpc.pool import RpcPool
from backend.portfolio.nfts.logs import TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE, sent_in

AROUND_BLOCKS = 50  # before the transfer, and after it


async def recipients_of(rpc: RpcPool, wallet: str, collection: str, tx_hash: str, block: int) -> int:
    """Return how many wallets were sent pieces in the blocks around a transfer that this one did not ask for.

    Zero when the wallet (lower case) sent the transaction itself: a drop that many mint from is no airdrop. Raises
    RpcError (RpcMissingError when the transaction was dropped) or AllProvidersDownError.
    """
    sender = await rpc.call("eth_getTransactionByHash", [tx_hash], _sender)
    if sender == wallet:
        return 0
    wanted = {
        "address": collection,
        "fromBlock": hex(max(0, block - AROUND_BLOCKS)),
        "toBlock": hex(block + AROUND_BLOCKS),
        "topics": [[TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH]],
    }
    logs: list[Log] = await rpc.call("eth_getLogs", [wanted], parse_logs)
    return len({sent[0] for each in logs if (sent := sent_in(each)) is not None})


def _sender(raw: Any) -> str:
    if not isinstance(raw, dict):
        raise RpcMissingError("the provider does not know the transaction")
    return address20(raw.get("from"))
