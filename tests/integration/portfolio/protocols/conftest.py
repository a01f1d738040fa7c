"""The demo market on a chain of our own, and positions read from it as the product reads them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.chain.blocks import Header
from backend.chain.rpc.pool import RpcPool
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.addresses import DemoAddresses
from backend.demo.deploy import deploy_market
from backend.demo.rpc import Rpc
from backend.embedded.ports import free_port
from backend.portfolio.protocols.base import Position, Wallet
from backend.portfolio.protocols.reader import read_positions
from backend.portfolio.protocols.registry import plugins
from tests.doubles.local_chain import local_chain


@dataclass(frozen=True)
class Chain:
    """A chain with the demo market, and where its addresses file is."""

    url: str
    rpc: Rpc
    market: DemoAddresses
    addresses_file: Path


@pytest.fixture(scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chain]:
    directory = tmp_path_factory.mktemp("protocols")
    async with local_chain(directory, free_port()) as running, Rpc(running.url) as rpc:
        file = directory / "addresses.json"
        yield Chain(running.url, rpc, await deploy_market(running.url, file), file)


Read = Callable[..., Awaitable[tuple[Header, list[Position]]]]


@pytest.fixture
async def read(chain: Chain) -> AsyncIterator[Read]:
    """A function that reads the positions of wallets as of the newest block."""
    pool = RpcPool(DEMO_CHAIN_ID, [chain.url])

    async def all_of(
        *wallets: Wallet, protocols: Sequence[str] = (), multicall3: str | None = chain.market.multicall3
    ) -> tuple[Header, list[Position]]:
        found = [each for each in plugins(chain.addresses_file) if not protocols or each.name in protocols]
        assert found
        return await read_positions(pool, found, wallets, multicall3)

    yield all_of
    await pool.close()
