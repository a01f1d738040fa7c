"""The follower against a real chain: what it emits equals what an independent look at the chain counts."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.chain.events import NATIVE_TOKEN, BlockOrphaned, PoolSwap, PriceUpdate, Reading, TokenTransfer
from backend.chain.fetch import BlockSource
from backend.chain.rpc.pool import RpcPool
from backend.chain.service import chain_freshness, known_tokens, recent_base_fees, recent_transfers
from backend.core.clock import from_unix
from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.trade import swap_exact_eth_for_tokens, transfer_erc20, whale_swap
from backend.market.service import latest_prices, price_series
from backend.worker.follower import make_follower
from tests.doubles.rpc_proxy import Fault, RpcProxy
from tests.integration.chain.harness import (
    Market,
    assert_complete,
    following,
    stream_events,
    wait_for_head,
)


def trades(market: Market, usd: int = 50_000):
    """A V3 swap, a V2 swap paid in ether, and a plain transfer."""
    addresses = market.addresses
    return [
        whale_swap(addresses, usd),
        swap_exact_eth_for_tokens(addresses, "UNI", 10**18),
        transfer_erc20(addresses, "USDC", 25_000 * 10**6),
    ]


def first_block(market: Market) -> int:
    return market.addresses.deployed_at_block + 1


async def test_a_swap_appears_with_prices_and_values(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
        await market.anvil.mine(trades(market, 500_000))
        number, block_hash = await market.anvil.head()
        await wait_for_head(market, chain_database, redis)
    events = await assert_complete(market, chain_database, redis, first_block(market), number)
    events = [event for event in events if event.block_hash == block_hash]
    assert any(isinstance(event, PoolSwap) and event.protocol == "uniswap_v3" for event in events)
    weth = market.addresses.wrapped_native.lower()
    (update,) = [event for event in events if isinstance(event, PriceUpdate) and event.token == weth]
    assert update.previous_price_usd == Decimal(3500) and update.price_usd > 3520
    assert update.source.startswith("Uniswap V3 WETH/USDC 0.05% pool 0x") and "USDC = $1" in update.source
    (native,) = [event for event in events if isinstance(event, TokenTransfer) and event.token == NATIVE_TOKEN]
    assert (native.amount_raw, native.symbol, native.amount) == (10**18, "ETH", Decimal(1))
    assert native.value_usd == update.price_usd
    usdc = [event for event in events if isinstance(event, TokenTransfer) and event.amount_raw == 25_000 * 10**6]
    assert [event.value_usd for event in usdc] == [Decimal(25_000)]


async def test_the_price_is_that_of_the_pool_by_the_obvious_computation(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        await wait_for_head(market, chain_database, redis)
    pool = market.addresses.pools["WETH-USDC-V3-500"]
    slot0 = await market.anvil.call("eth_call", {"to": pool.address, "data": "0x3850c7bd"}, "latest")
    ratio = (int(slot0[2:66], 16) / 2**96) ** 2
    weth_first = pool.token0 == market.addresses.wrapped_native
    expected = (ratio if weth_first else 1 / ratio) * 10**12
    async with chain_database.unit_of_work() as session:
        prices = {view.symbol: view for view in await latest_prices(session, DEMO_CHAIN_ID)}
    assert float(prices["WETH"].price_usd) == pytest.approx(expected, rel=1e-12)
    assert set(prices) == {"WETH", "USDC", "DAI", "WBTC", "UNI"}
    assert prices["USDC"].price_usd == 1 and prices["USDC"].source == "USDC taken as exactly $1"


async def test_every_price_comes_at_least_once_a_minute_and_only_changes_in_between(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    symbols: list[set[str | None]] = []
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
        for seconds in (61, 20, 20, 61, 20, 600):
            await market.anvil.call("evm_increaseTime", seconds)
            await market.anvil.mine()
        await market.anvil.mine([whale_swap(market.addresses, 900_000)])
        await wait_for_head(market, chain_database, redis)
        head = (await market.anvil.head())[0]
    updates = [event for event in await stream_events(redis) if isinstance(event, PriceUpdate)]
    for number in range(head - 6, head + 1):
        symbols.append({event.symbol for event in updates if event.block_number == number})
    everything = {"WETH", "USDC", "DAI", "WBTC", "UNI"}
    assert symbols == [everything, set(), set(), everything, set(), everything, {"WETH", "WBTC", "UNI"}]
    (weth,) = [event for event in updates if event.block_number == head and event.symbol == "WETH"]
    assert weth.previous_price_usd == 3500
    change = (weth.price_usd / 3500 - 1) * 100
    before, now = weth.changes[300]
    assert before == 0 and abs(now - change) < Decimal("1e-9") and now > 1
    assert set(weth.changes) == {300}, "no reading is fifteen minutes old"


async def test_what_pages_read(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        await market.anvil.mine(trades(market, 90_000))
        number = await wait_for_head(market, chain_database, redis)
    block = await market.anvil.call("eth_getBlockByNumber", hex(number), False)
    async with chain_database.unit_of_work() as session:
        (fresh,) = await chain_freshness(session)
        fees = await recent_base_fees(session, DEMO_CHAIN_ID, 2)
        tokens = await known_tokens(session, [DEMO_CHAIN_ID])
        series = await price_series(session, DEMO_CHAIN_ID, market.addresses.wrapped_native, from_unix(0), 50)
    assert (fresh.name, fresh.is_demo, fresh.block_number) == ("Demo market", True, number)
    assert fresh.taken_at == from_unix(int(block["timestamp"], 16))
    assert [fee.block_number for fee in fees] == [number - 1, number]
    assert fees[-1].base_fee_wei == int(block["baseFeePerGas"], 16) and fees[-1].fullness is not None
    assert tokens[0].address == NATIVE_TOKEN and {token.symbol for token in tokens if token.is_priced} == {
        "ETH",
        "WETH",
        "USDC",
        "DAI",
        "WBTC",
        "UNI",
    }
    assert series and series[-1].price_usd > 3500
    transfers = await recent_transfers(redis, DEMO_CHAIN_ID, Decimal(80_000), 5)
    assert transfers and all(transfer.value_usd >= 80_000 for transfer in transfers)
    assert {transfer.block_number for transfer in transfers} == {number}


async def test_a_restart_fills_the_gap(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        await wait_for_head(market, chain_database, redis)
    for usd in range(20_000, 20_040):
        await market.anvil.mine(trades(market, usd))
    await market.anvil.mine(blocks=30)
    async with following(chain_settings):
        last = await wait_for_head(market, chain_database, redis)
    await assert_complete(market, chain_database, redis, first_block(market), last)


async def test_stopping_at_any_moment_loses_and_doubles_nothing(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    """Cancelled at many different points of the work, between the transaction and the stream among them."""
    for round_ in range(12):
        async with following(chain_settings):
            for usd in range(3):
                await market.anvil.mine(trades(market, 10_000 + 10 * round_ + usd))
            await asyncio.sleep(0.05 * round_)
    async with following(chain_settings):
        last = await wait_for_head(market, chain_database, redis)
    await assert_complete(market, chain_database, redis, first_block(market), last)


async def test_two_followers_are_one(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings) as first, following(chain_settings):
        for usd in range(5):
            await market.anvil.mine(trades(market, 10_000 + usd))
        await wait_for_head(market, chain_database, redis)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        for usd in range(5):
            await market.anvil.mine(trades(market, 20_000 + usd))
        last = await wait_for_head(market, chain_database, redis)
        await assert_complete(market, chain_database, redis, first_block(market), last)


async def test_losing_the_lock_ends_leadership(
    market: Market,
    chain_settings: Settings,
    chain_database: Database,
    redis: Redis,
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        await wait_for_head(market, chain_database, redis)
        async with chain_database.unit_of_work() as session:
            query = (
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'premium-leader%'"
            )
            assert len((await session.execute(text(query))).all()) == 1
        for usd in range(5):
            await market.anvil.mine(trades(market, 20_000 + usd))
            await asyncio.sleep(0.4)
        last = await wait_for_head(market, chain_database, redis)
        await assert_complete(market, chain_database, redis, first_block(market), last)


async def test_a_reorganisation_withdraws_and_goes_on(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        await wait_for_head(market, chain_database, redis)
        async with chain_database.unit_of_work() as session:
            before = {view.symbol: view.price_usd for view in await latest_prices(session, DEMO_CHAIN_ID)}
        dropped = []
        for usd in (300_000, 400_000, 500_000):
            await market.anvil.mine(trades(market, usd))
            dropped.append((await market.anvil.head())[1])
        await wait_for_head(market, chain_database, redis)
        await market.anvil.call("anvil_reorg", 3, [])
        await wait_for_head(market, chain_database, redis)
        async with chain_database.unit_of_work() as session:
            after = {view.symbol: view.price_usd for view in await latest_prices(session, DEMO_CHAIN_ID)}
        assert after == before, "the readings are as of the ancestor again"
        await market.anvil.mine([swap_exact_eth_for_tokens(market.addresses, "UNI", 10**18)])
        valued = (await market.anvil.head())[1]
        await market.anvil.mine(trades(market, 70_000))
        last = await wait_for_head(market, chain_database, redis)
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    orphaned = [event.block_hash for event in events if isinstance(event, BlockOrphaned)]
    assert orphaned == dropped[::-1]
    assert [event.id for event in events if isinstance(event, BlockOrphaned)] == [
        f"{DEMO_CHAIN_ID}:{block_hash}:orphaned" for block_hash in orphaned
    ]
    async with chain_database.unit_of_work() as session:
        query = "select count(*) from price_readings where block_hash = any(:hashes)"
        assert (await session.execute(text(query), {"hashes": dropped})).scalar_one() == 0
    (native,) = [e for e in events if isinstance(e, TokenTransfer) and e.id.startswith(f"{DEMO_CHAIN_ID}:{valued}:tx")]
    assert native.value_usd == before["WETH"], "and so is the price book"
    weth = market.addresses.wrapped_native.lower()
    newest = [event for event in events if isinstance(event, PriceUpdate) and event.token == weth][-1]
    assert newest.previous_price_usd == before["WETH"]
    assert not [t for t in await recent_transfers(redis, DEMO_CHAIN_ID, Decimal(0), 500) if t.block_hash in dropped]


async def test_a_reorganisation_seen_only_by_the_next_parent_hash(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    """The new branch is longer when we first hear of it."""
    rpc = RpcPool(DEMO_CHAIN_ID, [market.anvil.url])
    worker = make_follower(chain_settings, DEMO_CHAIN_ID, rpc, chain_database, redis)
    await worker.start()
    source = BlockSource(rpc)
    for usd in (300_000, 400_000, 500_000):
        await market.anvil.mine(trades(market, usd))
    await worker.advance(await source.latest())
    for ahead in (1, 10):
        await market.anvil.call("anvil_reorg", 2, [])
        await market.anvil.mine(trades(market, 70_000), blocks=ahead)
        await worker.advance(await source.latest())
    last = (await market.anvil.head())[0]
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    assert sum(isinstance(event, BlockOrphaned) for event in events) == 4
    await rpc.close()


async def test_a_reorganisation_while_away(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        for usd in (300_000, 400_000, 500_000):
            await market.anvil.mine(trades(market, usd))
        await wait_for_head(market, chain_database, redis)
    await market.anvil.call("anvil_reorg", 2, [])
    await market.anvil.mine(trades(market, 70_000), blocks=5)
    async with following(chain_settings):
        last = await wait_for_head(market, chain_database, redis)
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    assert sum(isinstance(event, BlockOrphaned) for event in events) == 2


async def test_a_chain_that_comes_back_shorter(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    """A node killed before it saved its last blocks: they are orphaned, and the chain goes on below them."""
    snapshot = await market.anvil.call("evm_snapshot")
    async with following(chain_settings):
        for usd in (300_000, 400_000, 500_000, 600_000):
            await market.anvil.mine(trades(market, usd))
        await wait_for_head(market, chain_database, redis)
    await market.anvil.call("evm_revert", snapshot)
    await market.anvil.mine(trades(market, 70_000))
    async with following(chain_settings):
        last = await wait_for_head(market, chain_database, redis, seconds=60)
        await market.anvil.mine(trades(market, 80_000))
        last = await wait_for_head(market, chain_database, redis)
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    assert sum(isinstance(event, BlockOrphaned) for event in events) == 4


async def test_another_chain_in_its_place_starts_anew(
    make_fresh_market: Callable[[], Awaitable[Market]],
    chain_settings: Settings,
    market: Market,
    chain_database: Database,
    redis: Redis,
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        followed = await wait_for_head(market, chain_database, redis) - first_block(market) + 1
    replaced = await make_fresh_market()
    settings = chain_settings.model_copy(
        update={
            "chains": {DEMO_CHAIN_ID: [replaced.anvil.url]},
            "var_dir": replaced.addresses_file.parents[1],
        }
    )
    async with following(settings):
        await replaced.anvil.mine(trades(replaced))
        last = await wait_for_head(replaced, chain_database, redis)
    events = await assert_complete(replaced, chain_database, redis, first_block(replaced), last)
    assert sum(isinstance(event, BlockOrphaned) for event in events) == followed


@pytest.mark.parametrize("already_on_it", [False, True])
async def test_one_of_three_providers_on_a_branch_of_its_own_is_outvoted(
    already_on_it: bool, market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    """Its branch is consistent in itself, and it is asked first; what was followed of it is withdrawn."""
    async with RpcProxy(market.anvil.url).running() as liar, RpcProxy(market.anvil.url).running() as second:
        urls = [liar.url, second.url, market.anvil.url, market.anvil.websocket_url]
        settings = chain_settings.model_copy(update={"chains": {DEMO_CHAIN_ID: urls}})
        liar.fork_at = (await market.anvil.head())[0]
        async with following(settings):
            if already_on_it:
                liar.fault = Fault.OTHER_BRANCH
                await market.anvil.mine(trades(market, 20_000))
            else:
                await market.anvil.mine(trades(market, 20_000))
                await wait_for_head(market, chain_database, redis)
                liar.fault = Fault.OTHER_BRANCH
            for usd in range(5):
                await market.anvil.mine(trades(market, 30_000 + usd))
            last = await wait_for_head(market, chain_database, redis)
            assert liar.fault is Fault.OTHER_BRANCH
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    forged = [event for event in events if event.block_hash.startswith("0x00fa")]
    assert {type(event) for event in forged} <= {BlockOrphaned, PriceUpdate, Reading}
    true_blocks_withdrawn = [e for e in events if isinstance(e, BlockOrphaned) and e not in forged]
    assert not true_blocks_withdrawn


FAULTS = [fault for fault in Fault if fault not in (Fault.NONE, Fault.OVERSIZED, Fault.OTHER_BRANCH)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_bad_first_provider_changes_nothing_in_the_stream(
    fault: Fault, market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with RpcProxy(market.anvil.url).running() as proxy:
        urls = [proxy.url, proxy.websocket_url, market.anvil.url]
        settings = chain_settings.model_copy(update={"chains": {DEMO_CHAIN_ID: urls}, "rpc_timeout_seconds": 0.5})
        async with following(settings):
            await market.anvil.mine(trades(market))
            await wait_for_head(market, chain_database, redis)
            proxy.fault = fault
            for usd in range(6):
                await market.anvil.mine(trades(market, 30_000 + usd))
                await asyncio.sleep(0.1)
            await wait_for_head(market, chain_database, redis)
            proxy.fault = Fault.NONE
            await market.anvil.mine(trades(market, 60_000))
            last = await wait_for_head(market, chain_database, redis)
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    assert not any(isinstance(event, BlockOrphaned) for event in events)


async def test_the_follower_waits_for_a_market_that_is_not_there_yet(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis, tmp_path
) -> None:
    settings = chain_settings.model_copy(update={"var_dir": tmp_path})
    async with following(settings):
        await asyncio.sleep(0.5)
        settings.demo_addresses_file.parent.mkdir()
        settings.demo_addresses_file.write_bytes(market.addresses_file.read_bytes())
        await market.anvil.mine(trades(market))
        last = await wait_for_head(market, chain_database, redis)
    await assert_complete(market, chain_database, redis, first_block(market), last)
