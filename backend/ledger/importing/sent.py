"""What a wallet sent itself, found by its nonce: how many transactions it had sent by a block says in which others are.

For nodes without traces. It needs the state of the blocks between, which full nodes keep for minutes and archive nodes
for ever; where it is gone, only what left a log is found.
"""

from typing import Any

from backend.chain.blocks import address20, hash32, parse_header, quantity
from backend.chain.rpc.errors import RpcGarbageError, RpcMissingError, RpcResponseError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.transport import Request, raise_if_error

BUDGET_SECONDS = 40.0
BLOCKS_AT_ONCE = 10


async def sent_transactions(rpc: RpcPool, wallet: str, first: int, last: int, most: int) -> dict[str, int] | None:
    """Return the transactions that a wallet sent in these blocks, with the block of each.

    None when the providers do not know how it stood then, or when it sent more than `most`. Raises RpcError or
    AllProvidersDownError.
    """
    try:
        before, after = await _nonces(rpc, wallet, [max(0, first - 1), last])
        if first == 0:
            before = 0
        if after - before > most or after < before:
            return None
        blocks = await _blocks_between(rpc, wallet, (first - 1, before), (last, after))
    except (RpcMissingError, RpcResponseError):
        return None
    found: dict[str, int] = {}
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        found |= await _sent_in(rpc, wallet, blocks[start : start + BLOCKS_AT_ONCE])
    return found


async def _blocks_between(rpc: RpcPool, wallet: str, low: tuple[int, int], high: tuple[int, int]) -> list[int]:
    """Return the blocks after one (number, nonce) up to another in which the nonce grew, by halving."""
    found: list[int] = []
    spans = [(low, high)] if low[1] != high[1] else []
    while spans:
        wide = []
        for one, other in spans:
            if other[0] - one[0] == 1:
                found.append(other[0])
            else:
                wide.append((one, other))
        middles = [(one[0] + other[0]) // 2 for one, other in wide]
        nonces = await _nonces(rpc, wallet, middles) if middles else []
        spans = []
        for (one, other), middle, nonce in zip(wide, middles, nonces, strict=True):
            spans += [span for span in ((one, (middle, nonce)), ((middle, nonce), other)) if span[0][1] != span[1][1]]
    return sorted(found)


async def _nonces(rpc: RpcPool, wallet: str, numbers: list[int]) -> list[int]:
    requests = [Request("eth_getTransactionCount", [wallet, hex(number)]) for number in numbers]
    return await rpc.batch(
        requests, lambda results: [quantity(raise_if_error(each)) for each in results], budget_seconds=BUDGET_SECONDS
    )


async def _sent_in(rpc: RpcPool, wallet: str, numbers: list[int]) -> dict[str, int]:
    def parse(results: list[Any]) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, raw in zip(numbers, results, strict=True):
            block = raise_if_error(raw)
            parse_header(block, number=number)
            transactions = block.get("transactions")
            if not isinstance(transactions, list) or not all(isinstance(each, dict) for each in transactions):
                raise RpcGarbageError("a block came without full transactions")
            found |= {
                hash32(each.get("hash")): number for each in transactions if address20(each.get("from")) == wallet
            }
        return found

    requests = [Request("eth_getBlockByNumber", [hex(number), True]) for number in numbers]
    return await rpc.batch(requests, parse, budget_seconds=BUDGET_SECONDS)
