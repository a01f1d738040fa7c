"""The demo market on a real chain: deployed once, found again, traded on, and kept over restarts."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from web3 import Web3

from backend.core.errors import UnavailableError
from backend.core.settings import Settings
from backend.demo import plan, trade
from backend.demo.accounts import ACCOUNTS, SENDERS
from backend.demo.addresses import DemoAddresses, load_addresses, save_addresses
from backend.demo.calldata import call_data, decode_words
from backend.demo.deploy import deploy_market
from backend.demo.lenders import Lenders
from backend.demo.market_view import read_balances, read_market
from backend.demo.rpc import Rpc, RpcCallError
from backend.demo.swaps import load_transaction, swap_transaction, transfer_transaction
from backend.demo.trader_model import traded_prices
from backend.demo.traders import SENDER_ADDRESSES, refills, run_traders
from backend.demo.transactions import Transaction, send_calls
from backend.demo.uniswap_math import amount_out
from backend.embedded.ports import free_port
from tests.doubles.local_chain import LocalChain, local_chain

GUEST = ACCOUNTS["guest"]


@pytest.fixture(scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalChain]:
    async with local_chain(tmp_path_factory.mktemp("chain"), free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def addresses_file(chain: LocalChain) -> Path:
    return chain.state_file.with_name("addresses.json")


@pytest.fixture(scope="module")
async def market(chain: LocalChain, addresses_file: Path) -> DemoAddresses:
    return await deploy_market(chain.url, addresses_file)


@pytest.fixture
async def rpc(chain: LocalChain) -> AsyncIterator[Rpc]:
    async with Rpc(chain.url) as connected:
        yield connected


async def mined(rpc: Rpc, transaction: Transaction) -> dict[str, Any]:
    """Send, mine, and return the receipt of a transaction that succeeded."""
    sent = await rpc.call("eth_sendTransaction", transaction.params())
    await rpc.call("evm_mine")
    receipt = await rpc.call("eth_getTransactionReceipt", sent)
    assert receipt["status"] == "0x1"
    return receipt


async def balance(rpc: Rpc, market: DemoAddresses, symbol: str, holder: str = GUEST) -> int:
    data = call_data("balanceOf(address)", holder)
    answer = await rpc.call("eth_call", {"to": market.tokens[symbol].address, "data": data}, "latest")
    return int(answer, 16)


async def test_the_market_has_the_planned_prices_and_depth(rpc: Rpc, market: DemoAddresses) -> None:
    snapshot = await read_market(rpc, market)
    assert set(snapshot.pools) == {pool.name for pool in plan.POOLS}
    for symbol, price in traded_prices(snapshot.pools).items():
        assert abs(price / plan.TOKENS[symbol].price_usd - 1) < 1e-6
    for pool in plan.POOLS:
        first = pool.tokens[0]
        units = snapshot.pools[pool.name].reserves_from(first)[0]
        assert abs(units / plan.token_units(first, pool.depth_usd) - 1) < 0.01


async def test_token_contracts_say_their_decimals_and_symbols(rpc: Rpc, market: DemoAddresses) -> None:
    for symbol, token in market.tokens.items():
        decimals = await rpc.call("eth_call", {"to": token.address, "data": call_data("decimals()")}, "latest")
        said = await rpc.call("eth_call", {"to": token.address, "data": call_data("symbol()")}, "latest")
        assert int(decimals, 16) == token.decimals == plan.TOKENS[symbol].decimals
        assert decode_words(["string"], said) == (symbol,)


async def test_everybody_is_funded(rpc: Rpc, market: DemoAddresses) -> None:
    balances = await read_balances(rpc, market)
    assert len(balances) == len(ACCOUNTS) * 6
    assert min(balances.values()) > 0
    assert refills(market, balances) == []


async def test_a_second_deployment_does_nothing(
    chain: LocalChain, rpc: Rpc, market: DemoAddresses, addresses_file: Path
) -> None:
    before = await rpc.call("eth_blockNumber")
    assert await deploy_market(chain.url, addresses_file) == market
    assert await rpc.call("eth_blockNumber") == before
    assert load_addresses(addresses_file) == market


async def test_an_older_market_gets_what_it_lacks(tmp_path: Path) -> None:
    addresses_file = tmp_path / "addresses.json"
    async with local_chain(tmp_path, free_port()) as chain, Rpc(chain.url) as rpc:
        made = await deploy_market(chain.url, addresses_file)
        save_addresses(addresses_file, made.model_copy(update={"aave": None, "earning": None}))
        whole = await deploy_market(chain.url, addresses_file)
        assert whole.aave is not None and whole.earning is not None and whole.aave != made.aave
        assert (whole.pools, whole.watched, whole.feeds) == (made.pools, made.watched, made.feeds)
        assert whole == load_addresses(addresses_file)
        for place in whole.contracts():
            assert await rpc.call("eth_getCode", place, "latest") != "0x"


async def test_traders_lend_borrow_pay_back_and_take_out(rpc: Rpc, market: DemoAddresses) -> None:
    lenders = Lenders(market, np.random.default_rng(11))
    assert market.aave is not None
    done: set[str] = set()
    for _ in range(40):
        snapshot = await read_market(rpc, market, SENDER_ADDRESSES)
        transactions = lenders.step(traded_prices(snapshot.pools), 60.0)
        hashes = await rpc.all(send_calls(transactions, snapshot.nonces))
        await rpc.call("evm_mine")
        receipts = await rpc.all([("eth_getTransactionReceipt", (item,)) for item in hashes])
        assert {receipt["status"] for receipt in receipts} <= {"0x1"}
        done |= {item.data[:10] for item in transactions if item.to == market.aave.pool}
    assert len(done) == 4, "every step was taken"


async def test_the_pools_give_what_the_formula_says(rpc: Rpc, market: DemoAddresses) -> None:
    snapshot = await read_market(rpc, market)
    for name in ("WETH-USDC-V2", "WETH-USDC-V3-500"):
        pool = snapshot.pools[name]
        before = await balance(rpc, market, "USDC")
        await mined(rpc, swap_transaction(market, GUEST, [name], "WETH", 10**18))
        received = await balance(rpc, market, "USDC") - before
        expected = amount_out(10**18, *pool.reserves_from("WETH"), pool.fee_ppm)
        assert abs(received / expected - 1) < 1e-6


async def test_a_whale_moves_the_price(rpc: Rpc, market: DemoAddresses) -> None:
    before = (await read_market(rpc, market)).pools["WETH-USDC-V3-500"].price("WETH")
    receipt = await mined(rpc, trade.whale_swap(market, 1_000_000))
    after = (await read_market(rpc, market)).pools["WETH-USDC-V3-500"].price("WETH")
    assert 1.005 < after / before < 1.03
    assert market.pools["WETH-USDC-V3-500"].address.lower() in {entry["address"] for entry in receipt["logs"]}


async def test_a_wallet_with_web3_trades_by_hand(chain: LocalChain, rpc: Rpc, market: DemoAddresses) -> None:
    web3 = Web3(Web3.HTTPProvider(chain.url))
    before = await balance(rpc, market, "UNI")
    params: Any = trade.swap_exact_eth_for_tokens(market, "UNI", 10**18).params()
    sent = await asyncio.to_thread(web3.eth.send_transaction, params)
    await rpc.call("evm_mine")
    receipt = await asyncio.to_thread(web3.eth.get_transaction_receipt, sent)
    assert receipt["status"] == 1
    assert await balance(rpc, market, "UNI") > before


@pytest.mark.parametrize("version", ["V2", "V3-3000"])
async def test_ether_in_ether_out_and_two_hops(rpc: Rpc, market: DemoAddresses, version: str) -> None:
    usdc = await balance(rpc, market, "USDC")
    route = [f"UNI-WETH-{version}", f"WETH-USDC-{version}"]
    await mined(rpc, swap_transaction(market, GUEST, route, "UNI", 100 * 10**18, 900 * 10**6))
    assert await balance(rpc, market, "USDC") > usdc + 900 * 10**6

    dai = await balance(rpc, market, "DAI")
    pool = [f"WETH-DAI-{version}"]
    await mined(rpc, swap_transaction(market, GUEST, pool, "WETH", 10**18, native_in=True))
    assert await balance(rpc, market, "DAI") > dai + 3_000 * 10**18

    ether = int(await rpc.call("eth_getBalance", GUEST, "latest"), 16)
    await mined(rpc, swap_transaction(market, GUEST, pool, "DAI", 7_000 * 10**18, native_out=True))
    assert int(await rpc.call("eth_getBalance", GUEST, "latest"), 16) > ether + 15 * 10**17


async def test_transfers_arrive(rpc: Rpc, market: DemoAddresses) -> None:
    demo = ACCOUNTS["demo"]
    usdc = await balance(rpc, market, "USDC", demo)
    await mined(rpc, trade.transfer_erc20(market, "USDC", trade.token_amount(market, "USDC", Decimal("12.5"))))
    assert await balance(rpc, market, "USDC", demo) == usdc + 12_500_000
    ether = int(await rpc.call("eth_getBalance", demo, "latest"), 16)
    await mined(rpc, transfer_transaction(market, GUEST, demo, "ETH", 7))
    assert int(await rpc.call("eth_getBalance", demo, "latest"), 16) == ether + 7


@pytest.mark.parametrize("gas", [100_000, 5_000_000, 20_000_000])
async def test_load_uses_the_gas_it_is_told(rpc: Rpc, market: DemoAddresses, gas: int) -> None:
    receipt = await mined(rpc, load_transaction(market, ACCOUNTS["network_load"], gas))
    assert abs(int(receipt["gasUsed"], 16) / gas - 1) < 0.05


async def test_low_balances_are_refilled(rpc: Rpc, market: DemoAddresses) -> None:
    balances = await read_balances(rpc, market)
    poor = {key: held // 10 if key[0] == "trader_1" else held for key, held in balances.items()}
    transactions = refills(market, poor)
    assert len(transactions) == 7  # five tokens and ETH, and WETH is wrapped first
    for transaction in transactions:
        await mined(rpc, transaction)
    after = await read_balances(rpc, market)
    for symbol in (*market.tokens, "ETH"):
        key = ("trader_1", symbol)
        assert after[key] - balances[key] > balances[key] * 0.8


async def test_refused_calls_say_what_the_node_said(rpc: Rpc) -> None:
    with pytest.raises(RpcCallError, match="nonce"):
        params = Transaction(GUEST, GUEST, "0x", 21_000).params(nonce=0)
        await rpc.call("eth_sendTransaction", params)
    async with Rpc("http://127.0.0.1:9") as nobody:
        with pytest.raises(UnavailableError, match="No chain answers"):
            await nobody.call("eth_chainId")


async def block(rpc: Rpc, number: str) -> dict[str, Any]:
    return await rpc.call("eth_getBlockByNumber", number, False)


async def test_restarts_keep_the_chain_and_a_fresh_chain_gets_a_new_market(tmp_path: Path) -> None:
    addresses_file = tmp_path / "addresses.json"
    async with local_chain(tmp_path, free_port()) as chain:
        market = await deploy_market(chain.url, addresses_file)
        async with Rpc(chain.url) as rpc:
            receipt = await mined(rpc, trade.whale_swap(market, 50_000))
            first, last = await block(rpc, "0x0"), await block(rpc, "latest")
            held = await balance(rpc, market, "WETH")
        await chain.end(signal.SIGTERM)
        await chain.start()
        async with Rpc(chain.url) as rpc:
            assert (await block(rpc, "latest"))["hash"] == last["hash"]
            assert (await block(rpc, "0x0"))["hash"] == first["hash"]
            assert await balance(rpc, market, "WETH") == held
            again = await rpc.call("eth_getTransactionReceipt", receipt["transactionHash"])
            assert again["logs"] == receipt["logs"]
            assert await deploy_market(chain.url, addresses_file) == market
            await rpc.call("evm_mine")
            following = await block(rpc, "latest")
            assert following["parentHash"] == last["hash"]
            assert int(following["baseFeePerGas"], 16) < int(last["baseFeePerGas"], 16)
            assert int(following["baseFeePerGas"], 16) > int(last["baseFeePerGas"], 16) * 0.87

        await chain.end(signal.SIGKILL)
        chain.state_file.write_bytes(chain.state_file.read_bytes()[:1000])  # killed in the middle of a dump
        await chain.start()
        async with Rpc(chain.url) as rpc:
            assert (await block(rpc, "latest"))["hash"] == last["hash"]

        await chain.end(signal.SIGKILL)
        chain.state_file.unlink()
        chain.state_file.with_suffix(".previous.json").unlink()
        await asyncio.sleep(1.1)  # chains made within the same second share their genesis block
        await chain.start()
        fresh = await deploy_market(chain.url, addresses_file)
        assert fresh.pools.keys() == market.pools.keys()
        async with Rpc(chain.url) as rpc:
            assert (await block(rpc, "0x0"))["hash"] != first["hash"]
            assert await rpc.call("eth_getCode", fresh.routers.uniswap_v3, "latest") != "0x"


async def test_traders_trade_and_outlive_the_chain(tmp_path: Path) -> None:
    settings = Settings(  # pyright: ignore
        _env_file=None, environment="test", var_dir=tmp_path, demo_chain_port=free_port(), demo_block_seconds=0.25
    )
    async with local_chain(tmp_path, settings.demo_chain_port, settings.demo_block_seconds) as chain:
        traders = asyncio.create_task(run_traders(settings))
        await asyncio.sleep(0.2)  # they wait for the market
        market = await deploy_market(chain.url, settings.demo_addresses_file)
        await trades_of(chain, market)
        await chain.end(signal.SIGKILL)
        await chain.start()  # a new chain: it was killed before its first save, and the traders deploy again
        await trades_of(chain, market)
        assert not traders.done()
        traders.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await traders
        assert traders.cancelled()


async def trades_of(chain: LocalChain, market: DemoAddresses) -> None:
    """Wait until three of the traders' transactions to the routers or tokens succeeded on this chain."""
    senders = {ACCOUNTS[name].lower() for name in SENDERS}
    places = {market.routers.uniswap_v2, market.routers.uniswap_v3, *(item.address for item in market.tokens.values())}
    targets = {address.lower() for address in places}
    async with Rpc(chain.url) as rpc, asyncio.timeout(30):
        start = int(await rpc.call("eth_blockNumber"), 16)
        while True:
            head = int(await rpc.call("eth_blockNumber"), 16)
            answers = await rpc.all([("eth_getBlockReceipts", (hex(n),)) for n in range(start + 1, head + 1)])
            receipts = [item for receipts in answers for item in receipts or []]
            done = [item for item in receipts if item["from"] in senders and item["to"] in targets]
            if len([item for item in done if item["status"] == "0x1"]) >= 3:
                return
            await asyncio.sleep(0.25)
