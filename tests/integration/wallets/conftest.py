"""A chain with contract wallets on it, and an API that reads it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.core.settings import Settings
from tests.doubles.wallets import ContractWallets, deploy_wallets, key_account
from tests.integration.api.conftest import Api, serving
from tests.integration.chain.harness import Anvil


@pytest.fixture(scope="session")
async def contracts(work_dir: Path) -> AsyncIterator[ContractWallets]:
    """Contract wallets on an anvil of this worker, which mines when told to."""
    anvil = Anvil(work_dir)
    anvil.start()
    try:
        yield await deploy_wallets(anvil.url, key_account("owner of contract wallets"))
    finally:
        anvil.stop()


@pytest.fixture
def wallet_settings(make_settings: Callable[..., Settings], contracts: ContractWallets) -> Settings:
    """Settings whose demo chain is the one with the contract wallets."""
    return make_settings(
        demo_chain_port=int(contracts.url.rsplit(":", 1)[1]), public_url="https://premium.example", port=8000
    )


@pytest.fixture
async def api(wallet_settings: Settings) -> AsyncIterator[Api]:
    """An API server for one test."""
    async with serving(wallet_settings) as running:
        yield running
