"""The table of chains, against itself and against the scouted copy of viem's definitions."""

import json
from pathlib import Path

import pytest
from eth_utils.address import is_checksum_address

from backend.chain import registry
from backend.core.errors import NotFoundError
from backend.core.settings import DEMO_CHAIN_ID, ROOT

NO_PUBLIC_RPC = {1337, 13370}
SCOUTED = ROOT.parent / "shared" / "data" / "chains" / "viem_chains.json"


def test_over_a_hundred_mainnets_with_what_following_them_takes() -> None:
    chains = registry.all_chains()
    ids = [chain.id for chain in chains]
    assert len(ids) == len(set(ids)) and len(ids) > 390
    assert sum(1 for chain in chains if chain.rpc_urls and chain.multicall3) > 150
    for chain in chains:
        assert chain.name and chain.currency.symbol and 0 <= chain.currency.decimals <= 18, chain
        assert chain.multicall3 is None or is_checksum_address(chain.multicall3), chain
        assert all(url.startswith(("https://", "wss://")) and "{" not in url for url in chain.rpc_urls), chain
        assert chain.block_seconds is None or 0.005 <= chain.block_seconds <= 120, chain
        assert chain.finality_blocks > 0
        assert chain.is_finality_known or chain.finality_blocks == registry.DEFAULT_FINALITY_BLOCKS


@pytest.mark.parametrize(
    ("chain_id", "name", "symbol", "block_seconds"),
    [(1, "Ethereum", "ETH", 12), (56, "BNB Smart Chain", "BNB", 0.75), (42161, "Arbitrum One", "ETH", 0.25)],
)
def test_well_known_chains(chain_id: int, name: str, symbol: str, block_seconds: float) -> None:
    chain = registry.get_chain(chain_id)
    assert (chain.name, chain.currency.symbol, chain.block_seconds) == (name, symbol, block_seconds)
    assert chain.multicall3 == registry.MULTICALL3
    assert chain.transaction_url("0x1") == f"{chain.explorer_url}/tx/0x1"


def test_the_demo_chain_is_known_but_no_mainnet() -> None:
    assert registry.get_chain(DEMO_CHAIN_ID).is_demo
    assert DEMO_CHAIN_ID not in {chain.id for chain in registry.all_chains()}


def test_what_is_not_known_is_said() -> None:
    with pytest.raises(NotFoundError):
        registry.get_chain(999_999_999)
    assert registry.chain_name(999_999_999) == "Chain 999999999"
    source = registry.registry_source()
    assert source.source.startswith("npm viem ") and source.generated_on > "2026"


def test_equal_to_the_scouted_copy() -> None:
    path: Path = SCOUTED
    if not path.exists():
        pytest.skip("the shared data is not here")
    local = {31337}
    scouted = [row for row in json.loads(path.read_text()) if not row["testnet"] and row["id"] not in local]
    by_id: dict[int, list[dict]] = {}
    for row in scouted:
        by_id.setdefault(row["id"], []).append(row)
    ours = {chain.id: chain for chain in registry.all_chains()}
    assert set(ours) - set(by_id) == set()
    assert set(by_id) - set(ours) <= {1281, 9700, *NO_PUBLIC_RPC}, "development networks that viem does not mark"
    for chain_id, chain in ours.items():
        rows = by_id[chain_id]
        addresses = {(row.get("contracts", {}).get("multicall3") or {}).get("address", "").lower() for row in rows}
        assert (chain.multicall3 or "").lower() in addresses | ({""} if chain.multicall3 is None else set())
        assert chain.name in {row["name"].strip() for row in rows}
        assert chain.currency.symbol in {row["nativeCurrency"]["symbol"] for row in rows}
