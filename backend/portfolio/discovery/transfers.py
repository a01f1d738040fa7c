"""Tokens and NFTs that wallets were sent, from the chain's own logs: transfers to them, in steps with a cursor."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.chain.blocks import Log, parse_logs, quantity
from backend.chain.rpc.errors import AllProvidersDownError, RpcError, RpcResponseError
from backend.chain.rpc.pool import RpcPool
from backend.portfolio.nfts.logs import TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE, Found, note_received

FIRST_LOOK_BACK = 100_000  # blocks before the head where looking begins for a new wallet; lists find what is older
MOST_BLOCKS, LEAST_BLOCKS = 10_000, 50
MOST_STEPS = 30  # a run; the next one goes on from there
STEP_SECONDS = 10.0


@dataclass(slots=True)
class Scan:
    """What a run found: tokens by wallet, NFTs, the first block that was not looked at, the problem that ended it."""

    next_block: int | None
    tokens: dict[str, set[str]] = field(default_factory=dict)
    nfts: Found = field(default_factory=dict)
    reached_head: bool = False
    problem: str | None = None


async def scan(rpc: RpcPool, wallets: Sequence[str], next_block: int | None, finality_blocks: int) -> Scan:
    """Look through the logs from `next_block` (None: FIRST_LOOK_BACK before the head) to the head; never raises.

    The cursor stays behind what may still be reorganised, so that a transfer of another branch is found too. Steps
    become smaller when a provider finds one too large.
    """
    found = Scan(next_block)
    try:
        head = await rpc.call("eth_blockNumber", [], quantity, budget_seconds=STEP_SECONDS)
        first = max(0, head - FIRST_LOOK_BACK) if next_block is None else next_block
        size = MOST_BLOCKS
        for _ in range(MOST_STEPS):
            if first > head:
                break
            last = min(head, first + size - 1)
            try:
                logs = await _logs(rpc, wallets, first, last)
            except RpcResponseError:
                if size <= LEAST_BLOCKS:
                    raise
                size = max(LEAST_BLOCKS, size // 4)
                continue
            _note(found, wallets, logs)
            note_received(found.nfts, wallets, logs)
            first = last + 1
            size = min(MOST_BLOCKS, size * 2)
            found.next_block = max(0, min(first, head + 1 - finality_blocks))
        found.reached_head = first > head
    except (RpcError, AllProvidersDownError) as error:
        found.problem = f"Transfers could not be looked through: {error.message[:120]}"
    return found


async def _logs(rpc: RpcPool, wallets: Sequence[str], first: int, last: int) -> list[Log]:
    """Return transfers to the wallets: of ERC-20 and ERC-721, and of ERC-1155, which has the recipient elsewhere."""
    to = ["0x" + wallet[2:].rjust(64, "0") for wallet in wallets]
    span = {"fromBlock": hex(first), "toBlock": hex(last)}
    asked: list[list[Any]] = [[TRANSFER, None, to], [[TRANSFER_SINGLE, TRANSFER_BATCH], None, None, to]]
    found = await asyncio.gather(
        *(
            rpc.call("eth_getLogs", [{**span, "topics": topics}], parse_logs, budget_seconds=STEP_SECONDS)
            for topics in asked
        )
    )
    return [log for logs in found for log in logs]


def _note(found: Scan, wallets: Sequence[str], logs: Sequence[Log]) -> None:
    known = set(wallets)
    for log in logs:
        # ERC-721 logs the piece as a fourth topic, and has no amount: see nfts/logs.py.
        if len(log.topics) == 3 and log.topics[0] == TRANSFER and len(log.data) == 32:
            wallet = "0x" + log.topics[2][26:]
            if wallet in known:
                found.tokens.setdefault(wallet, set()).add(log.address)
