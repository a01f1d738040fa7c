"""Everything that alerts may be about can be made to happen, and happens by itself, on a real chain."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest

from backend.chain import decode_contracts as logs
from backend.chain.decode import V2_BURN, V2_MINT, V3_SWAP
from backend.demo.accounts import SENDERS
from backend.demo.addresses import DemoAddresses, load_addresses
from backend.demo.causes import CAUSES, cause
from backend.demo.deploy import deploy_market, existing_market
from backend.demo.happenings import Happenings
from backend.demo.history import found_market
from backend.demo.market_view import Snapshot, read_market
from backend.demo.rpc import Rpc
from backend.demo.trader_config import TraderConfig
from backend.demo.trader_model import MarketView, TraderModel
from backend.demo.traders import SENDER_ADDRESSES
from backend.demo.transactions import send_calls
from backend.embedded.ports import free_port
from backend.market.oracle import ANSWER_UPDATED
from tests.doubles.local_chain import BY_HAND, LocalChain, local_chain

EXPECTED = {
    "liquidity_removed": V2_BURN,
    "ownership_changed": logs.OWNERSHIP_TRANSFERRED,
    "implementation_changed": logs.UPGRADED,
    "proposal_created": logs.PROPOSAL_CREATED,
    "vote_cast": logs.VOTE_CAST,
    "proposal_queued": logs.PROPOSAL_QUEUED,
    "proposal_executed": logs.PROPOSAL_EXECUTED,
    "proposal_canceled": logs.PROPOSAL_CANCELED,
    "oracle_deviation": ANSWER_UPDATED,
    "oracle_back": ANSWER_UPDATED,
    "volume_spike": V3_SWAP,
}


@pytest.fixture
async def chain(tmp_path) -> AsyncIterator[LocalChain]:
    async with local_chain(tmp_path, free_port()) as running:
        yield running


@pytest.fixture
async def market(chain: LocalChain) -> DemoAddresses:
    return await deploy_market(chain.url, chain.state_file.with_name("addresses.json"))


async def mining(url: str) -> None:
    """Mine a block whenever a moment has gone by."""
    async with Rpc(url) as rpc:
        while True:
            await rpc.call("evm_mine")
            await asyncio.sleep(0.1)


async def test_each_cause_has_its_effect_more_than_once(chain: LocalChain, market: DemoAddresses) -> None:
    miner = asyncio.create_task(mining(chain.url))
    try:
        async with Rpc(chain.url) as rpc:
            for name in (*CAUSES, "ownership_changed", "implementation_changed", "liquidity_removed"):
                before = int((await rpc.call("eth_getBlockByNumber", "latest", False))["baseFeePerGas"], 16)
                sent = await cause(chain.url, market, name)
                receipt = await rpc.call("eth_getTransactionReceipt", sent)
                topics = {log["topics"][0] for log in receipt["logs"]}
                if name == "gas_spike":
                    block = await rpc.call("eth_getBlockByNumber", receipt["blockNumber"], False)
                    after = int(block["baseFeePerGas"], 16)
                    assert after > before * 2
                else:
                    assert EXPECTED[name] in topics, name
    finally:
        miner.cancel()
        await asyncio.gather(miner, return_exceptions=True)


async def test_it_all_happens_by_itself_and_nothing_fails(chain: LocalChain, market: DemoAddresses) -> None:
    happenings = Happenings(market, np.random.default_rng(7))
    seen: Counter[str] = Counter()
    async with Rpc(chain.url) as rpc:
        snapshot: Snapshot = await read_market(rpc, market, SENDER_ADDRESSES)
        view = lambda: MarketView(0.0, snapshot.base_fee_wei, snapshot.pools)  # noqa: E731
        targets = TraderModel.start(TraderConfig(), 1, view()).targets
        for _ in range(400):
            targets.advance(np.random.default_rng(snapshot.block), 20.0)
            transactions = await happenings.step(rpc, snapshot, targets, 20.0)
            sent = await rpc.all(send_calls(transactions, snapshot.nonces))
            await rpc.call("evm_mine")
            for transaction_hash in sent:
                receipt = await rpc.call("eth_getTransactionReceipt", transaction_hash)
                assert receipt["status"] == "0x1"
                seen.update(log["topics"][0] for log in receipt["logs"])
            snapshot = await read_market(rpc, market, SENDER_ADDRESSES)
    assert {*EXPECTED.values(), V2_MINT} - {V3_SWAP} <= seen.keys()
    assert seen[ANSWER_UPDATED] > 20 and seen[V2_BURN] - seen[V2_MINT] in range(3)


async def test_a_market_from_before_gets_the_contracts_and_keeps_the_rest(
    chain: LocalChain, market: DemoAddresses
) -> None:
    file = chain.state_file.with_name("addresses.json")
    file.write_text(market.model_copy(update={"watched": None, "feeds": {}}).model_dump_json())
    again = await deploy_market(chain.url, file)
    assert again.watched is not None and again.watched != market.watched and set(again.feeds) == set(market.feeds)
    same = {"watched": None, "feeds": {}}
    assert again.model_copy(update=same) == market.model_copy(update=same)
    assert "treasury" in SENDERS


async def test_a_fresh_chain_begins_a_day_ago(tmp_path) -> None:
    state, file = tmp_path / "chain.json", tmp_path / "addresses.json"
    await found_market(free_port(), state, file, seed=1)
    market = load_addresses(file)
    chain = LocalChain(free_port(), state, BY_HAND)
    await chain.start()
    try:
        async with Rpc(chain.url) as rpc:
            assert await existing_market(rpc, file) is not None
            head = int(await rpc.call("eth_blockNumber"), 16)
            blocks = await rpc.all(
                [("eth_getBlockByNumber", (hex(n), False)) for n in range(market.deployed_at_block, head + 1)]
            )
            times = [int(block["timestamp"], 16) for block in blocks]
            assert abs(times[-1] - time.time()) < 30 and 25.9 * 3600 < times[-1] - times[0] < 26.1 * 3600
            assert max(later - earlier for earlier, later in pairwise(times)) <= 1_830
            hashes = [item for block in blocks for item in block["transactions"]]
            receipts = await rpc.all([("eth_getTransactionReceipt", (item,)) for item in hashes])
            assert len(receipts) > 51 * 22 and {receipt["status"] for receipt in receipts} == {"0x1"}
            await rpc.call("evm_mine")
            newest = await rpc.call("eth_getBlockByNumber", "latest", False)
            assert abs(int(newest["timestamp"], 16) - time.time()) < 10, "the clock is that of today"
    finally:
        await chain.end()
