"""The anchors, against a public token list."""

import json
from pathlib import Path

import pytest

from backend.chain.registry import find_chain
from backend.core.settings import DEMO_CHAIN_ID, ROOT
from backend.market.anchors import market_anchors, supported_chains
from backend.market.feeds import market_feeds

TOKEN_LIST = ROOT.parent / "shared" / "data" / "chains" / "uniswap-default.tokenlist.json"
WRAPPED = {"WETH", "WBNB", "WMATIC", "WPOL"}
STABLE = {"USDC", "USDT", "USDT0", "USDbC", "USD₮0"}
NOWHERE = Path("/nonexistent/addresses.json")


@pytest.mark.parametrize("chain_id", supported_chains())
def test_anchors_are_what_they_are_taken_for(chain_id: int) -> None:
    if not TOKEN_LIST.exists():
        pytest.skip("the shared data is not here")
    listed = {
        (token["chainId"], token["address"].lower()): token["symbol"]
        for token in json.loads(TOKEN_LIST.read_text())["tokens"]
    }
    market = market_anchors(chain_id, NOWHERE)
    assert market is not None
    assert listed[chain_id, market.anchors.wrapped_native] in WRAPPED
    assert {listed[chain_id, stable] for stable in market.anchors.stablecoins} <= STABLE
    assert all((chain_id, token) in listed for token in market.tokens)


def test_the_chains_that_must_have_prices() -> None:
    assert set(supported_chains()) >= {1, 10, 56, 137, 8453, 42161}
    assert all(find_chain(chain_id) for chain_id in supported_chains())


def test_no_anchors_no_prices() -> None:
    assert market_anchors(250, NOWHERE) is None
    assert market_anchors(DEMO_CHAIN_ID, NOWHERE) is None


@pytest.mark.parametrize("chain_id", supported_chains())
def test_feeds_are_addresses(chain_id: int) -> None:
    for feed in market_feeds(chain_id, NOWHERE):
        assert len(bytes.fromhex(feed.address[2:])) == len(bytes.fromhex(feed.token[2:])) == 20, feed.name
