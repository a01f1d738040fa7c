"""Whether wallets are active on a chain: have they sent anything, do they hold any of its own currency."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.chain.blocks import Header, parse_header, quantity
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.transport import Request, raise_if_error

CHAIN_SECONDS = 5.0
CHAINS_AT_ONCE = 100
NO_ANSWER = "The chain's providers gave no answer."


@dataclass(frozen=True, slots=True)
class Activity:
    """A wallet on a chain as of its newest block. None: could not be found out, and `problem` says why."""

    wallet: str
    chain_id: int
    nonce: int | None
    balance_raw: int | None
    block_number: int | None
    problem: str | None = None

    @property
    def is_active(self) -> bool | None:
        """True when it sent something or holds some of the chain's own currency; tokens are looked for elsewhere."""
        if self.nonce is None or self.balance_raw is None:
            return None
        return self.nonce > 0 or self.balance_raw > 0


async def activity_of(
    pools: Mapping[int, RpcPool], wallets: Sequence[str], *, chain_seconds: float = CHAIN_SECONDS
) -> list[Activity]:
    """Return each wallet's activity on every chain, all chains at the same time; never raises."""
    slots = asyncio.Semaphore(CHAINS_AT_ONCE)

    async def ask(rpc: RpcPool) -> list[Activity]:
        async with slots:
            return await _on_chain(rpc, wallets, chain_seconds)

    return [each for found in await asyncio.gather(*(ask(rpc) for rpc in pools.values())) for each in found]


async def _on_chain(rpc: RpcPool, wallets: Sequence[str], seconds: float) -> list[Activity]:
    requests = [Request("eth_getBlockByNumber", ["latest", False])]
    for wallet in wallets:
        requests.append(Request("eth_getTransactionCount", [wallet, "latest"]))
        requests.append(Request("eth_getBalance", [wallet, "latest"]))

    def parse(results: list[Any]) -> tuple[Header, list[int]]:
        return parse_header(raise_if_error(results[0])), [quantity(raise_if_error(each)) for each in results[1:]]

    try:
        header, numbers = await rpc.batch(requests, parse, budget_seconds=seconds)
    except (RpcError, AllProvidersDownError):
        return [Activity(wallet, rpc.chain_id, None, None, None, NO_ANSWER) for wallet in wallets]
    return [
        Activity(wallet, rpc.chain_id, numbers[2 * place], numbers[2 * place + 1], header.number)
        for place, wallet in enumerate(wallets)
    ]
