"""The follower against a real chain: what it emits equals what an independent look at the chain counts."""

from collections import Counter

from redis.asyncio import Redis

from backend.chain.events import NATIVE_TOKEN, PoolSwap, PriceUpdate, TokenTransfer
from backend.core.db import Database
from backend.core.settings import Settings
from backend.demo.trade import swap_exact_eth_for_tokens, whale_swap
from tests.integration.chain.harness import TRANSFER_TOPIC, Market, following, stream_entries, stream_events, until


async def _emitted(redis: Redis, block_hash: str):
    return [event for event in await stream_events(redis) if event.block_hash == block_hash]


async def test_a_swap_appears_with_prices_and_values(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await until(lambda: stream_entries(redis))
        await market.anvil.mine(
            [whale_swap(market.addresses, 500_000), swap_exact_eth_for_tokens(market.addresses, "UNI", 10**18)]
        )
        number, block_hash = await market.anvil.head()
        events = await until(lambda: _emitted(redis, block_hash))
    for e in events:
        print(e)
    assert any(isinstance(event, PoolSwap) and event.protocol == "uniswap_v3" for event in events)
    weth = market.addresses.wrapped_native.lower()
    (update,) = [event for event in events if isinstance(event, PriceUpdate) and event.token == weth]
    assert update.previous_price_usd is not None and update.price_usd > update.previous_price_usd
    native = [event for event in events if isinstance(event, TokenTransfer) and event.token == NATIVE_TOKEN]
    assert [event.amount_raw for event in native] == [10**18]
    assert native[0].value_usd is not None
    logs = await market.anvil.logs(number, number)
    expected = Counter(log["address"] for log in logs if log["topics"][0] == TRANSFER_TOPIC)
    assert expected == Counter(
        event.token for event in events if isinstance(event, TokenTransfer) and event.log_index is not None
    )
