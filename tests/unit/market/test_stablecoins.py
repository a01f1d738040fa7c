"""The list of stablecoins: checksummed, sourced, and the demo market's own."""

from pathlib import Path

import orjson
from eth_utils.address import is_checksum_address

from backend.core.settings import DEMO_CHAIN_ID
from backend.market.anchors import market_anchors, supported_chains
from backend.market.stablecoins import FILE, stablecoins

NOWHERE = Path("nowhere.json")
DAI = "0x6b175474e89094c44da98b954eedeac495271d0f"


def test_every_contract_is_checksummed_and_has_a_source() -> None:
    data = orjson.loads(FILE.read_bytes())
    assert data["as_of"]
    for token in data["tokens"]:
        assert token["source"].startswith("https://") and token["contracts"], token["symbol"]
        assert all(is_checksum_address(place) for place in token["contracts"].values()), token["symbol"]
    assert len({token["symbol"] for token in data["tokens"]}) == len(data["tokens"])


def test_what_anchors_prices_and_what_is_listed_is_a_stablecoin() -> None:
    for chain_id in supported_chains():
        anchors = market_anchors(chain_id, NOWHERE)
        assert anchors is not None and set(anchors.anchors.stablecoins) <= stablecoins(chain_id, NOWHERE)
    assert DAI in stablecoins(1, NOWHERE) and DAI not in stablecoins(10, NOWHERE)
    assert stablecoins(123_456_789, NOWHERE) == frozenset()


def test_the_demo_markets_are_those_of_its_file(tmp_path: Path) -> None:
    assert stablecoins(DEMO_CHAIN_ID, tmp_path / "addresses.json") == frozenset()
    usdc, dai, weth, factory = ("0x" + digits * 20 for digits in ("A1", "B2", "C3", "D4"))
    demo = {
        "tokens": {"USDC": {"address": usdc}, "DAI": {"address": dai}, "WETH": {"address": weth}},
        "factories": {"uniswap_v2": factory, "uniswap_v3": factory},
        "wrapped_native": weth,
        "usd_stablecoin": usdc,
        "deployed_at_block": 7,
    }
    file = tmp_path / "addresses.json"
    file.write_bytes(orjson.dumps(demo))
    assert stablecoins(DEMO_CHAIN_ID, file) == {usdc.lower(), dai.lower()}
