"""Reads contracts of a chain through one provider as of one block, and makes sure afterwards that the block stands."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from typing_extensions import TypeVar

from backend.chain.blocks import Header, parse_header
from backend.chain.multicall import Read, read_many
from backend.chain.rpc.errors import RpcMissingError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.single import SingleProvider, as_is
from backend.chain.rpc.transport import Request
from backend.portfolio.protocols.base import Position, ProtocolPlugin, Wallet

T = TypeVar("T", default=Any)
CHAIN_SECONDS = 5.0


class _OneProvider:
    """Implements RpcClient by one provider; the budget is that of whoever holds it."""

    def __init__(self, single: SingleProvider) -> None:
        self._single = single
        self.chain_id = single.provider.chain_id

    async def call(
        self, method: str, params: list[Any], parse: Callable[[Any], T] = as_is, *, budget_seconds: float | None = None
    ) -> T:
        return await self._single.call(method, params, parse)

    async def batch(
        self, requests: list[Request], parse: Callable[[list[Any]], T] = as_is, *, budget_seconds: float | None = None
    ) -> T:
        return await self._single.batch(requests, parse)


class PinnedReader:
    """Implements BlockReader."""

    def __init__(self, single: SingleProvider, block: int, multicall3: str | None) -> None:
        self._client = _OneProvider(single)
        self._block = block
        self._multicall3 = multicall3
        self.asked = 0

    @property
    def chain_id(self) -> int:
        """The chain."""
        return self._client.chain_id

    async def read(self, reads: Sequence[Read]) -> list[bytes | None]:
        """Return what each view call returned as of the block.

        What failed among others is asked again by itself: a hostile contract may have burned the gas of all.
        """
        if not reads:
            return []
        self.asked += len(reads)
        answers = await read_many(self._client, list(reads), multicall3=self._multicall3, block=self._block)
        failed = [place for place, answer in enumerate(answers) if answer is None]
        if failed and self._multicall3 is not None:
            again = [reads[place] for place in failed]
            alone = await read_many(self._client, again, multicall3=None, block=self._block)
            for place, answer in zip(failed, alone, strict=True):
                answers[place] = answer
        return answers


async def read_pinned(
    rpc: RpcPool,
    read: Callable[[PinnedReader, Header], Awaitable[T]],
    multicall3: str | None,
    block: Header | None = None,
    budget_seconds: float = CHAIN_SECONDS,
) -> tuple[Header, T]:
    """Return what `read` makes of a chain as of a block (None: its newest), which is returned too.

    All comes from one provider. Raises RpcMissingError when another block stands in that block's place, RpcError or
    AllProvidersDownError.
    """

    async def at_one_block(single: SingleProvider) -> tuple[Header, T]:
        pinned = block or await single.call("eth_getBlockByNumber", ["latest", False], parse_header)
        reader = PinnedReader(single, pinned.number, multicall3)
        found = await read(reader, pinned)
        if reader.asked:
            standing = await single.call("eth_getBlockByNumber", [hex(pinned.number), False], parse_header)
            if standing.hash != pinned.hash:
                raise RpcMissingError(f"another block stands at {pinned.number} by now")
        return pinned, found

    return await rpc.together(at_one_block, budget_seconds)


async def read_positions(
    rpc: RpcPool,
    plugins: Sequence[ProtocolPlugin],
    wallets: Sequence[Wallet],
    multicall3: str | None,
    block: Header | None = None,
    budget_seconds: float = CHAIN_SECONDS,
) -> tuple[Header, list[Position]]:
    """Return the positions of wallets on a chain as of a block, as `read_pinned` reads it and raises."""
    wanted = [plugin for plugin in plugins if plugin.is_on(rpc.chain_id)]

    async def all_of(reader: PinnedReader, pinned: Header) -> list[Position]:
        found = await asyncio.gather(*(plugin.positions(reader, wallets, pinned) for plugin in wanted))
        return [position for positions in found for position in positions]

    return await read_pinned(rpc, all_of, multicall3, block, budget_seconds)
