"""What swaps cost, against the demo market's own contracts: their gas, and what its pools pay out."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.chain.pools import V2_FEE_PPM, Pool
from backend.chain.registry import MULTICALL3
from backend.chain.rpc.pool import RpcPool
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import MAX_UINT256, call_data, decode_words
from backend.demo.deploy import deploy_market
from backend.demo.plan import TOKENS
from backend.demo.rpc import Rpc
from backend.demo.swaps import swap_transaction
from backend.demo.transactions import Transaction, send_and_mine
from backend.embedded.ports import free_port
from backend.market.assets import KnownAssets, known_assets
from backend.portfolio.engine.price_impact import lost_fraction
from backend.portfolio.rebalancing.markets import (
    APPROVAL_GAS,
    NEW_TOKEN_GAS,
    V2_GAS,
    V3_GAS,
    WRAP_GAS,
    MarketQuestion,
    read_markets,
)
from tests.doubles.local_chain import local_chain

GUEST = ACCOUNTS["guest"]
GAS = 3_000_000
Chain = tuple[Rpc, DemoAddresses, str]


@pytest.fixture(scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chain]:
    directory = tmp_path_factory.mktemp("swaps")
    async with local_chain(directory, free_port()) as running, Rpc(running.url) as rpc:
        yield rpc, await deploy_market(running.url, directory / "addresses.json"), running.url


async def gas_of(rpc: Rpc, transaction: Transaction) -> int:
    before = await rpc.call("eth_blockNumber")
    await send_and_mine(rpc, [transaction])
    block = await rpc.call("eth_getBlockByNumber", "latest", True)
    assert block["number"] != before
    (sent,) = [each for each in block["transactions"] if each["from"].lower() == GUEST.lower()]
    receipt = await rpc.call("eth_getTransactionReceipt", sent["hash"])
    assert int(receipt["status"], 16) == 1
    return int(receipt["gasUsed"], 16)


def sent(to: str, signature: str, *arguments: object, value_wei: int = 0) -> Transaction:
    return Transaction(GUEST, to, call_data(signature, *arguments), GAS, value_wei=value_wei)


async def test_gas_is_what_the_contracts_use(chain: Chain) -> None:
    """Up to 15 % above what was measured: nobody is told less than they will pay."""
    rpc, market, _ = chain
    weth = market.tokens["WETH"].address
    approve = "approve(address,uint256)"
    approvals = [
        await gas_of(rpc, sent(token.address, approve, "0x" + "77" * 20, MAX_UINT256))
        for token in market.tokens.values()
    ]
    send = "transfer(address,uint256)"
    first, again = [await gas_of(rpc, sent(weth, send, "0x" + "78" * 20, 10**9)) for _ in range(2)]
    wrapping = await gas_of(rpc, sent(weth, "deposit()", value_wei=10**18))

    async def swap(*pools: str) -> int:
        """A swap in pools that were traded before, some seconds ago: what a pool notes of time then is written anew."""
        for _ in range(2):
            await rpc.call("evm_increaseTime", 12)
            used = await gas_of(rpc, swap_transaction(market, GUEST, pools, "WETH", 10**17))
        return used

    v2, v2_twice = await swap("WETH-USDC-V2"), await swap("WETH-USDC-V2", "USDC-DAI-V2")
    v3, v3_twice = await swap("WETH-USDC-V3-500"), await swap("WETH-USDC-V3-500", "USDC-DAI-V3-500")
    measured = {
        "approval": (max(approvals), APPROVAL_GAS),
        "wrapping": (wrapping, WRAP_GAS),
        "a new token": (first - again, NEW_TOKEN_GAS),
        "V2": (v2, V2_GAS[0]),
        "V2, two pools": (v2_twice, sum(V2_GAS)),
        "V3": (v3, V3_GAS[0]),
        "V3, two pools": (v3_twice, sum(V3_GAS)),
    }
    for name, (used, told) in measured.items():
        assert used <= told <= 1.15 * used, (name, measured)


def assets_of(market: DemoAddresses) -> KnownAssets:
    named = [(DEMO_CHAIN_ID, each.address.lower(), each.symbol, each.decimals) for each in market.tokens.values()]
    anchors = {DEMO_CHAIN_ID: (market.wrapped_native.lower(), (market.usd_stablecoin.lower(),))}
    return known_assets({DEMO_CHAIN_ID: ("ETH", 18)}, anchors, named)


def question(market: DemoAddresses) -> MarketQuestion:
    pools = [
        Pool(
            each.address.lower(),
            each.kind,
            each.token0.lower(),
            each.token1.lower(),
            each.fee_ppm or V2_FEE_PPM,
            None,
        )
        for each in market.pools.values()
    ]
    prices = {each.address.lower(): Decimal(TOKENS[each.symbol].price_usd) for each in market.tokens.values()}
    decimals = {each.address.lower(): each.decimals for each in market.tokens.values()}
    return MarketQuestion(pools, prices, decimals, MULTICALL3, prices[market.wrapped_native.lower()])


async def test_slippage_is_what_the_pools_take(chain: Chain) -> None:
    """A V2 pair's own router pays what is foretold; so does the V3 quoter while the price stays near."""
    rpc, market, url = chain
    pool = RpcPool(DEMO_CHAIN_ID, [url])
    try:
        markets = await read_markets({DEMO_CHAIN_ID: pool}, {DEMO_CHAIN_ID: question(market)})
    finally:
        await pool.close()
    found = markets[DEMO_CHAIN_ID]
    assert found.problem is None and found.block_number and found.gas_price_wei
    weth, usdc = (market.tokens[name].address for name in ("WETH", "USDC"))
    by_address = {each.address: each for each in found.pools[weth.lower(), usdc.lower()]}
    for name, worth in (("WETH-USDC-V2", 10_000), ("WETH-USDC-V2", 3_000_000), ("WETH-USDC-V3-500", 1_000_000)):
        at = by_address[market.pools[name].address.lower()]
        amount_in = worth * 10**18 // 3_500
        if name.endswith("V2"):
            data = call_data("getAmountsOut(uint256,address[])", amount_in, [weth, usdc])
            answer = await rpc.call("eth_call", {"to": market.routers.uniswap_v2, "data": data}, "latest")
            out = decode_words(["uint256[]"], answer)[0][-1]
        else:
            quote = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
            data = call_data(quote, (weth, usdc, amount_in, 500, 0))
            answer = await rpc.call("eth_call", {"to": market.quoter_v2, "data": data}, "latest")
            out = decode_words(["uint256", "uint160", "uint32", "uint256"], answer)[0]
        really = 1 - Decimal(out).scaleb(-6) / worth
        assert abs(lost_fraction(Decimal(worth), [at.side]) - really) < Decimal("0.0002"), name


async def test_a_route_leads_over_a_hub_and_wrapping_costs_no_slippage(chain: Chain) -> None:
    _, market, url = chain
    assets = assets_of(market)
    pool = RpcPool(DEMO_CHAIN_ID, [url])
    try:
        found = (await read_markets({DEMO_CHAIN_ID: pool}, {DEMO_CHAIN_ID: question(market)}))[DEMO_CHAIN_ID]
    finally:
        await pool.close()
    uni, dai, weth = (market.tokens[name].address.lower() for name in ("UNI", "DAI", "WETH"))
    over = found.route(uni, dai, Decimal(1000), assets)
    assert over is not None and len(over.pools) == 2
    wrapping = found.route(NATIVE_TOKEN, weth, Decimal(1000), assets)
    assert wrapping is not None and (wrapping.pools, wrapping.gas) == ((), WRAP_GAS + NEW_TOKEN_GAS)
    for worth in (Decimal(20), Decimal(1_000), Decimal(5_000_000)):
        chosen = found.route(NATIVE_TOKEN, dai, worth, assets)
        assert chosen is not None
        usdc = market.usd_stablecoin.lower()
        ways = [[leg] for leg in found.pools[weth, dai]]
        ways += [[one, two] for one in found.pools[weth, usdc] for two in found.pools[usdc, dai]]
        costs = [lost_fraction(worth, [leg.side for leg in way]) * worth for way in ways]
        gas_usd = found.gas_usd(chosen.gas)
        assert gas_usd is not None and gas_usd > 0
        assert lost_fraction(worth, chosen.sides) * worth <= min(costs) + gas_usd
    assert found.route(uni, "0x" + "99" * 20, Decimal(1000), assets) is None


async def test_a_chain_that_does_not_answer_has_unknown_costs(chain: Chain) -> None:
    _, market, _ = chain
    pool = RpcPool(DEMO_CHAIN_ID, [f"http://127.0.0.1:{free_port()}"], timeout_seconds=0.5)
    try:
        asked = {DEMO_CHAIN_ID: question(market), 10: question(market)}
        markets = await read_markets({DEMO_CHAIN_ID: pool}, asked)
    finally:
        await pool.close()
    for found in markets.values():
        assert found.problem is not None and found.gas_usd(100_000) is None
        assert found.route(NATIVE_TOKEN, market.usd_stablecoin.lower(), Decimal(1), assets_of(market)) is None
