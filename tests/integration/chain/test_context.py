"""What is remembered of tokens: read once, asked again when they said nothing, forgotten when there are too many."""

from collections.abc import AsyncIterator

import pytest

from backend.chain.follow import context as context_module
from backend.chain.follow.context import ChainContext
from backend.chain.pools import Factory, Pool, find_pools, read_pools
from backend.chain.rpc.pool import RpcPool
from backend.core.clock import now_seconds, use_clock
from backend.core.settings import DEMO_CHAIN_ID
from tests.doubles.rpc_proxy import RpcProxy
from tests.integration.chain.harness import Market

NOTHING_THERE = "0x" + "12" * 20


@pytest.fixture
async def proxy(market: Market) -> AsyncIterator[RpcProxy]:
    async with RpcProxy(market.anvil.url).running() as running:
        yield running


@pytest.fixture
async def rpc(proxy: RpcProxy) -> AsyncIterator[RpcPool]:
    pool = RpcPool(DEMO_CHAIN_ID, [proxy.url])
    yield pool
    await pool.close()


@pytest.mark.parametrize("has_multicall", [True, False])
async def test_tokens_are_read_once_with_or_without_multicall(
    has_multicall: bool, market: Market, proxy: RpcProxy, rpc: RpcPool
) -> None:
    context = ChainContext(DEMO_CHAIN_ID, rpc, market.addresses.multicall3 if has_multicall else NOTHING_THERE)
    addresses = {token.address.lower(): token for token in market.addresses.tokens.values()}
    for _ in range(2):
        tokens = await context.tokens({*addresses, NOTHING_THERE})
    assert {a: (t.symbol, t.decimals) for a, t in tokens.items() if a != NOTHING_THERE} == {
        address: (token.symbol, token.decimals) for address, token in addresses.items()
    }
    assert (tokens[NOTHING_THERE].symbol, tokens[NOTHING_THERE].decimals) == (None, None)
    # The chain check and one round trip; one more to find that there is no such contract.
    assert proxy.requests == (2 if has_multicall else 3)


async def test_a_silent_token_is_asked_again_later(proxy: RpcProxy, rpc: RpcPool) -> None:
    context = ChainContext(DEMO_CHAIN_ID, rpc, None)
    await context.tokens({NOTHING_THERE})
    asked = proxy.requests
    await context.tokens({NOTHING_THERE})
    assert proxy.requests == asked
    later = now_seconds() + context_module.ASK_AGAIN_SECONDS + 1
    use_clock(lambda: later)
    try:
        await context.tokens({NOTHING_THERE})
    finally:
        use_clock(None)
    assert proxy.requests > asked


async def test_tokens_of_trusted_pools_are_never_forgotten(
    rpc: RpcPool, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_module, "TOKENS_IN_MEMORY", 4)
    monkeypatch.setattr(context_module, "SPARE", 2)
    context = ChainContext(DEMO_CHAIN_ID, rpc, market.addresses.multicall3)
    weth, usdc = market.addresses.wrapped_native.lower(), market.addresses.usd_stablecoin.lower()
    factory = Factory(market.addresses.factories.uniswap_v2.lower(), "uniswap_v2", "Uniswap V2")
    await context.tokens({weth, usdc})
    context.remember_pools([Pool("0xpool", "uniswap_v2", weth, usdc, 3000, factory)])
    for number in range(12):
        await context.tokens({f"0x{number:040x}"})
    assert context.token(weth) is not None and context.token(usdc) is not None
    assert context.token(f"0x{0:040x}") is None and context.token(f"0x{11:040x}") is not None


async def test_a_contract_that_burns_all_gas_harms_only_itself(rpc: RpcPool, market: Market) -> None:
    hostile = "0x" + "77" * 20
    await market.anvil.call("anvil_setCode", hostile, "0x5b600056")  # for ever
    context = ChainContext(DEMO_CHAIN_ID, rpc, market.addresses.multicall3)
    weth = market.addresses.wrapped_native.lower()
    tokens = await context.tokens({weth, hostile})
    assert (tokens[weth].symbol, tokens[weth].decimals, tokens[hostile].decimals) == ("WETH", 18, None)


async def test_only_pools_that_a_trusted_factory_names_are_verified(rpc: RpcPool, market: Market) -> None:
    factories = [
        Factory(market.addresses.factories.uniswap_v2.lower(), "uniswap_v2", "Uniswap V2"),
        Factory(market.addresses.factories.uniswap_v3.lower(), "uniswap_v3", "Uniswap V3"),
    ]
    expected = {pool.address.lower(): pool for pool in market.addresses.pools.values()}
    tokens = [token.address.lower() for token in market.addresses.tokens.values()]
    pairs = [(a, b) for a in tokens for b in tokens if a < b]
    multicall3 = market.addresses.multicall3
    assert await find_pools(rpc, pairs, factories, multicall3) == {a: pool.kind for a, pool in expected.items()}
    candidates = {address: pool.kind for address, pool in expected.items()} | {tokens[0]: "uniswap_v2"}
    pools = await read_pools(rpc, candidates, factories, multicall3)
    assert {address for address, pool in pools.items() if pool.factory} == set(expected)
    assert {(pool.token0, pool.token1, pool.fee_ppm) for pool in pools.values()} == {
        (pool.token0.lower(), pool.token1.lower(), pool.fee_ppm) for pool in expected.values()
    }
    # The same pools, but their factory is not one of those we trust: a copy of Uniswap's code by a stranger.
    strangers = await read_pools(rpc, candidates, [Factory("0x" + "99" * 20, "uniswap_v2", "Uniswap V2")], multicall3)
    assert len(strangers) == len(expected) and not any(pool.factory for pool in strangers.values())
