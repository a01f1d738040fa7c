"""The pool against providers that misbehave over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from backend.chain.blocks import quantity
from backend.chain.fetch import BlockSource
from backend.chain.follow.watch import ProviderWatch
from backend.chain.rpc.errors import AllProvidersDownError, RpcMissingError, RpcResponseError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.provider import Provider
from backend.chain.rpc.transport import Request
from backend.core.breaker import BreakerState
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.trade import swap_exact_eth_for_tokens, whale_swap
from tests.doubles.rpc_proxy import Fault, RpcProxy
from tests.integration.chain.harness import Market


@pytest.fixture
async def proxy(market: Market) -> AsyncIterator[RpcProxy]:
    async with RpcProxy(market.anvil.url).running() as running:
        yield running


@pytest.fixture
async def pool(market: Market, proxy: RpcProxy) -> AsyncIterator[RpcPool]:
    """The misbehaving provider first, an honest one after it."""
    made = RpcPool(DEMO_CHAIN_ID, [proxy.url, market.anvil.url], timeout_seconds=0.5, budget_seconds=20)
    yield made
    await made.close()


@pytest.fixture
async def lonely(proxy: RpcProxy) -> AsyncIterator[RpcPool]:
    made = RpcPool(DEMO_CHAIN_ID, [proxy.url], timeout_seconds=0.5, budget_seconds=20)
    yield made
    await made.close()


TRANSPORT_FAULTS = [
    Fault.STALL,
    Fault.STALL_BODY,
    Fault.THROTTLE,
    Fault.THROTTLE_ERROR,
    Fault.HTML,
    Fault.BROKEN_JSON,
    Fault.WRONG_ID,
    Fault.OVERSIZED,
    Fault.SERVER_ERROR,
    Fault.HANG_UP,
    Fault.WRONG_CHAIN,
]


@pytest.mark.parametrize("fault", TRANSPORT_FAULTS, ids=lambda fault: fault.name)
async def test_a_broken_provider_is_passed_over(fault: Fault, market: Market, proxy: RpcProxy, pool: RpcPool) -> None:
    proxy.fault = fault
    for _ in range(4):
        assert await pool.call("eth_blockNumber", [], quantity) == (await market.anvil.head())[0]
    assert pool.providers[0].breaker.state is not BreakerState.CLOSED
    asked = proxy.requests
    await pool.call("eth_blockNumber", [], quantity)
    assert proxy.requests == asked, "an open circuit lets no call through"


@pytest.mark.parametrize("fault", [Fault.WRONG_BLOCK, Fault.FOREIGN_LOGS, Fault.NO_LOGS], ids=lambda fault: fault.name)
@pytest.mark.parametrize("by_range", [False, True])
async def test_a_block_that_contradicts_itself_is_read_elsewhere(
    fault: Fault, by_range: bool, market: Market, proxy: RpcProxy, pool: RpcPool
) -> None:
    await market.anvil.mine(
        [whale_swap(market.addresses, 1_000), swap_exact_eth_for_tokens(market.addresses, "UNI", 1)]
    )
    number, block_hash = await market.anvil.head()
    honest = RpcPool(DEMO_CHAIN_ID, [market.anvil.url])
    expected = await BlockSource(honest).block(number)
    await honest.close()
    assert expected.header.hash == block_hash and len(expected.logs) > 5
    proxy.fault = fault
    source = BlockSource(pool)
    block = (await source.blocks(number - 1, number))[1] if by_range else await source.block(number)
    assert block == expected


@pytest.mark.parametrize("fault", [Fault.NO_BLOCK_RECEIPTS, Fault.NO_BATCHES], ids=lambda fault: fault.name)
async def test_a_limited_provider_gives_the_same_block(
    fault: Fault, market: Market, proxy: RpcProxy, lonely: RpcPool
) -> None:
    await market.anvil.mine(
        [whale_swap(market.addresses, 1_000), swap_exact_eth_for_tokens(market.addresses, "UNI", 1)]
    )
    number, _ = await market.anvil.head()
    expected = await BlockSource(lonely).block(number)
    proxy.fault = fault
    source = BlockSource(lonely)
    assert await source.block(number) == expected
    assert (await source.blocks(number, number))[0] == expected
    assert lonely.providers[0].breaker.state is BreakerState.CLOSED


async def test_a_reverted_transfer_of_ether_is_not_there(market: Market, lonely: RpcPool, proxy: RpcProxy) -> None:
    """The UNI router call with an impossible minimum reverts: its ether never moved."""
    await market.anvil.mine(
        [
            swap_exact_eth_for_tokens(market.addresses, "UNI", 10**18, min_out=10**40),
            swap_exact_eth_for_tokens(market.addresses, "UNI", 2 * 10**18),
        ]
    )
    number, _ = await market.anvil.head()
    for fault in (Fault.NONE, Fault.NO_BLOCK_RECEIPTS):
        proxy.fault = fault
        source = BlockSource(lonely)
        for block in (await source.block(number), (await source.blocks(number, number))[0]):
            assert [transaction.value_wei for transaction in block.transactions] == [2 * 10**18]


async def test_back_off_only_when_all_are_down_and_recovery_by_a_probe(proxy: RpcProxy, lonely: RpcPool) -> None:
    proxy.fault = Fault.SERVER_ERROR
    with pytest.raises(AllProvidersDownError):
        await lonely.call("eth_blockNumber", [], quantity, budget_seconds=1.5)
    call = asyncio.create_task(lonely.call("eth_blockNumber", [], quantity))
    await asyncio.sleep(0.2)
    proxy.fault = Fault.NONE
    assert await call > 0
    assert lonely.providers[0].breaker.state is BreakerState.CLOSED


async def test_the_providers_retry_after_is_kept(proxy: RpcProxy, lonely: RpcPool) -> None:
    proxy.fault, proxy.retry_after_seconds = Fault.THROTTLE, "120"
    with pytest.raises(AllProvidersDownError):
        await lonely.call("eth_blockNumber", [], quantity, budget_seconds=0.5)
    assert 110 < lonely.providers[0].breaker.reopens_in_seconds <= 120
    assert proxy.requests == 1


async def test_a_refusal_is_the_callers_and_no_fault(market: Market, lonely: RpcPool) -> None:
    token = market.addresses.wrapped_native
    with pytest.raises(RpcResponseError):
        await lonely.call("eth_call", [{"to": token, "data": "0xdeadbeef00", "value": "0x1"}, "latest"])
    with pytest.raises(RpcMissingError):
        await BlockSource(lonely).header(10**9)
    assert lonely.providers[0].breaker.state is BreakerState.CLOSED


async def test_a_false_head_is_found_out(market: Market, proxy: RpcProxy, pool: RpcPool) -> None:
    proxy.fault = Fault.FAR_HEAD
    assert (await BlockSource(pool).latest()).number > 1000
    best = await ProviderWatch(pool, 2.0).judge()
    assert best == (await market.anvil.head())[0]
    assert pool.providers[0].breaker.state is BreakerState.OPEN
    assert (await BlockSource(pool).latest()).number == best


async def test_a_trailing_provider_comes_last(market: Market, pool: RpcPool, make_market) -> None:
    behind = make_market()
    await market.anvil.mine(blocks=50)
    two = RpcPool(DEMO_CHAIN_ID, [behind.anvil.url, market.anvil.url])
    try:
        await ProviderWatch(two, 2.0).judge()
        assert [provider.behind for provider in two.providers] == [True, False]
        assert (await BlockSource(two).latest()).number == (await market.anvil.head())[0]
    finally:
        await two.close()


async def test_calls_over_a_websocket(market: Market, proxy: RpcProxy) -> None:
    pool = RpcPool(DEMO_CHAIN_ID, [proxy.websocket_url], timeout_seconds=0.5, budget_seconds=10)
    try:
        number, _ = await market.anvil.head()
        answers = await asyncio.gather(*(pool.call("eth_blockNumber", [], quantity) for _ in range(20)))
        assert set(answers) == {number}
        headers = await BlockSource(pool).headers([number - 1, number, number + 5])
        assert sorted(headers) == [number - 1, number]
        for fault in (Fault.STALL, Fault.HTML, Fault.HANG_UP):
            proxy.fault = fault
            with pytest.raises(AllProvidersDownError):
                await pool.call("eth_blockNumber", [], quantity, budget_seconds=0.9)
            proxy.fault = Fault.NONE
            assert await pool.call("eth_blockNumber", [], quantity) == number
    finally:
        await pool.close()


async def test_the_rate_limit_spaces_requests_out(proxy: RpcProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.chain.rpc.provider.is_local", lambda url: False)
    provider = Provider(DEMO_CHAIN_ID, proxy.url, requests_per_second=5)
    try:
        await provider.send([Request("eth_blockNumber", [])])  # with the chain check: 2 of 5
        waiting = [asyncio.create_task(provider.send([Request("eth_blockNumber", [])])) for _ in range(20)]
        await asyncio.sleep(0.3)
        assert proxy.requests < 12, "the others wait for their turn"
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    finally:
        await provider.close()


async def test_outcomes_are_counted_without_keys(proxy: RpcProxy) -> None:
    pool = RpcPool(DEMO_CHAIN_ID, [f"{proxy.url}/v2/SECRETSECRETSECRETSECRET1234"], timeout_seconds=0.5)
    with pytest.raises(AllProvidersDownError):
        await pool.call("eth_blockNumber", [], quantity, budget_seconds=0.3)  # 404: no JSON
    await pool.close()
    labels = {"chain_id": str(DEMO_CHAIN_ID), "provider": proxy.url, "outcome": "garbage"}
    assert (REGISTRY.get_sample_value("premium_rpc_request_seconds_count", labels) or 0) >= 1
    assert not any("SECRET" in str(sample.labels) for metric in REGISTRY.collect() for sample in metric.samples)


async def test_a_node_has_one_vote_whatever_its_transports(market: Market, proxy: RpcProxy) -> None:
    urls = [proxy.url, proxy.websocket_url, market.anvil.websocket_url]
    pool = RpcPool(DEMO_CHAIN_ID, urls)
    votes = await pool.each("eth_blockNumber", [], quantity)
    assert sorted(votes) == sorted([proxy.url, market.anvil.websocket_url])
    await pool.close()
