"""A chain of our own with tokens on it, and a provider in front of it that misbehaves on demand."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.chain.registry import MULTICALL3
from backend.chain.rpc.pool import RpcPool
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.artifacts import multicall3_runtime
from tests.doubles.rpc_proxy import RpcProxy
from tests.integration.chain.harness import Anvil


@pytest.fixture(scope="module")
async def anvil(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Anvil]:
    """An empty chain that mines when told to, with Multicall3."""
    directory: Path = tmp_path_factory.mktemp("anvil")
    running = Anvil(directory)
    running.start()
    await running.call("anvil_setCode", MULTICALL3, multicall3_runtime())
    await running.mine()
    yield running
    running.stop()


@pytest.fixture
async def proxy(anvil: Anvil) -> AsyncIterator[RpcProxy]:
    async with RpcProxy(anvil.url).running() as running:
        yield running


@pytest.fixture
async def make_pool() -> AsyncIterator[Callable[..., RpcPool]]:
    """A function that returns a pool of the given providers."""
    made: list[RpcPool] = []

    def make(*urls: str, chain_id: int = DEMO_CHAIN_ID, timeout_seconds: float = 5.0) -> RpcPool:
        made.append(RpcPool(chain_id, list(urls), timeout_seconds=timeout_seconds))
        return made[-1]

    yield make
    for pool in made:
        await pool.close()
