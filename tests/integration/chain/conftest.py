"""A chain of our own with the demo market on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.deploy import deploy_market
from backend.embedded.launch import start, stop
from backend.embedded.ports import is_port_free, wait_until
from backend.embedded.postgres import DatabaseUrls
from tests.integration.chain.harness import Anvil, Market, market_of


@pytest.fixture(scope="session")
async def market_state(work_dir: Path) -> tuple[Path, Path]:
    """The saved state of a chain with the market deployed, and its addresses file."""
    state, addresses = work_dir / "market-state.json", work_dir / "market" / "demo" / "addresses.json"
    anvil = Anvil(work_dir, block_seconds=2)
    launch = anvil.launch()
    launch.argv.extend(["--dump-state", str(state)])
    process = start(launch)
    try:
        assert wait_until(lambda: not is_port_free(anvil.port), 20)
        await deploy_market(anvil.url, addresses)
    finally:
        stop(process, launch)
    return state, addresses


@pytest.fixture
def make_market(market_state: tuple[Path, Path], tmp_path: Path) -> Iterator[Callable[..., Market]]:
    """A function that starts another chain with the market on it."""
    running: list[Anvil] = []

    def make(**options: object) -> Market:
        anvil = Anvil(tmp_path, load_state=market_state[0], **options)  # type: ignore[arg-type]
        anvil.start()
        running.append(anvil)
        return market_of(anvil, market_state[1])

    yield make
    for anvil in running:
        anvil.stop()


@pytest.fixture
async def market(make_market: Callable[..., Market]) -> Market:
    """A chain with the market on it that mines when told to.

    Its newest block is of now, however long ago the market was deployed: pools are read as of recent blocks only.
    """
    market = make_market()
    await market.anvil.mine()
    return market


@pytest.fixture
async def chain_database(fresh_database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """A database for this test alone, as the workers see it."""
    database = Database(fresh_database_urls.worker, pool_size=2)
    yield database
    await database.close()


@pytest.fixture
def chain_settings(
    make_settings: Callable[..., Settings],
    fresh_database_urls: DatabaseUrls,
    market: Market,
    market_state: tuple[Path, Path],
) -> Settings:
    """Settings of a follower of this test's chain, database and Redis."""
    return make_settings(
        var_dir=market_state[1].parents[1],
        database_url=fresh_database_urls.app,
        worker_database_url=fresh_database_urls.worker,
        chains={DEMO_CHAIN_ID: [market.anvil.url, market.anvil.websocket_url]},
    )


@pytest.fixture
def make_fresh_market(tmp_path: Path) -> Iterator[Callable[[], Awaitable[Market]]]:
    """A function that deploys the market on another chain, with another genesis block."""
    running: list[Anvil] = []

    async def make() -> Market:
        anvil = Anvil(tmp_path, block_seconds=3600)
        anvil.start()
        running.append(anvil)
        addresses_file = tmp_path / "replaced" / "demo" / "addresses.json"
        await deploy_market(anvil.url, addresses_file)
        return market_of(anvil, addresses_file)

    yield make
    for anvil in running:
        anvil.stop()
