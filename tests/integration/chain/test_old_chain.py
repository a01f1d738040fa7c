"""A new database on a local chain that has run for long: what the node no longer keeps is not waited for."""

from redis.asyncio import Redis

from backend.chain.events import PriceUpdate, TokenTransfer
from backend.core.db import Database
from backend.core.settings import Settings
from backend.demo.anvil import KEPT_TRANSACTION_BLOCKS
from backend.demo.trade import transfer_erc20, whale_swap
from backend.worker.follower import DEMO_MOST_BACK
from tests.integration.chain.harness import Market, following, stream_events, wait_for_head


async def test_following_begins_where_the_node_still_has_logs(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    await market.anvil.mine([transfer_erc20(market.addresses, "USDC", 25_000 * 10**6)])
    await market.anvil.mine(blocks=KEPT_TRANSACTION_BLOCKS + 50)
    head, _ = await market.anvil.head()
    async with following(chain_settings):
        await market.anvil.mine([whale_swap(market.addresses, 500_000)])
        await wait_for_head(market, chain_database, redis)
    events = await stream_events(redis)
    assert head - DEMO_MOST_BACK <= min(event.block_number for event in events)
    newest = [event for event in events if event.block_number == head + 1]
    assert any(isinstance(event, TokenTransfer) for event in newest)
    assert any(isinstance(event, PriceUpdate) and event.price_usd > 3500 for event in newest)
