"""The tables of contracts: well formed, used, and the same as the portfolio's where both name one."""

from pathlib import Path

import orjson
import pytest
from eth_utils.address import is_checksum_address

from backend.chain.registry import find_chain
from backend.core.settings import DEMO_CHAIN_ID
from backend.ledger.decoding.registry import decoders
from backend.ledger.decoding.swaps import ROUTER
from backend.ledger.known_contracts import known_contracts, tables

NOWHERE = Path("/nowhere/addresses.json")
PORTFOLIO = Path("backend/portfolio/protocols")
SAME = {
    "aave_v3": ("pool",),
    "compound_v3": ("comet",),
    "lido": ("steth", "wsteth"),
    "staking_rewards": ("staking",),
    "uniswap_v3": ("position_manager",),
}


def test_addresses_are_checksummed_on_chains_that_exist_and_named_once() -> None:
    for table in tables().values():
        assert table["source"].startswith("https://")
        for chain_id, purposes in table["chains"].items():
            assert find_chain(int(chain_id)) is not None
            for address in (each for addresses in purposes.values() for each in addresses):
                assert is_checksum_address(address), address
    for chain_id in {chain_id for table in tables().values() for chain_id in table["chains"]}:
        named = [
            address.lower()
            for table in tables().values()
            for addresses in table["chains"].get(chain_id, {}).values()
            for address in addresses
        ]
        assert len(named) == len(set(named)) == len(known_contracts(int(chain_id), NOWHERE))


def test_every_purpose_is_one_that_a_decoder_believes() -> None:
    believed = {purpose for each in decoders() for purpose in each.purposes} | {ROUTER, "entry_point"}
    named = {purpose for table in tables().values() for each in table["chains"].values() for purpose in each}
    assert named <= believed
    assert believed - named <= {"oft"}  # a token's own: whoever knows one says so


@pytest.mark.parametrize("name", SAME)
def test_the_portfolio_knows_the_same_contracts(name: str) -> None:
    theirs = orjson.loads((PORTFOLIO / name / "addresses.json").read_bytes())["chains"]
    ours = tables()[name]["chains"]
    for chain_id, deployments in theirs.items():
        expected = {each[key].lower() for each in deployments for key in SAME[name]}
        assert expected <= {each.lower() for addresses in ours[chain_id].values() for each in addresses}


def test_the_demo_market_says_where_its_contracts_are(tmp_path: Path) -> None:
    file = tmp_path / "addresses.json"
    assert known_contracts(DEMO_CHAIN_ID, file) == {}
    file.write_bytes(orjson.dumps({"position_manager": "0x" + "AB" * 20, "aave": None}))
    assert known_contracts(DEMO_CHAIN_ID, file) == {"0x" + "ab" * 20: ("Uniswap V3", "position_manager")}
