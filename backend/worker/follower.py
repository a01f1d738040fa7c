"""The follower process: every configured chain followed, each by the one process that leads it."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from backend.chain.follow.context import ChainContext
from backend.chain.follow.follower import ChainFollower, FollowOptions
from backend.chain.follow.leader import LeadershipLostError, leadership
from backend.chain.follow.ports import NoPricing, Pricing
from backend.chain.registry import MULTICALL3, Chain, Currency, find_chain
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.errors import PremiumError
from backend.core.logging import get_logger
from backend.core.redis import make_redis
from backend.core.retention import kept
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.market.anchors import market_anchors
from backend.market.feeds import market_feeds
from backend.market.pricing import ChainPricing
from backend.market.readings import ChainReadings
from backend.market.service import drop_old_readings

DEMO_MOST_BACK = 900  # blocks; the local chain answers for the logs of its newest 1,000
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
PRICES_KEEP = kept("price_readings")
PRICES_EVERY_SECONDS = 6 * 3600.0
log = get_logger(__name__)


def chain_or_unknown(chain_id: int) -> Chain:
    """Return the registry's chain, or a cautious description of one that it does not have."""
    known = find_chain(chain_id)
    if known is not None:
        return known
    return Chain(
        chain_id, f"Chain {chain_id}", Currency("native", "native", 18), (), None, MULTICALL3, None, 256, False
    )


def follow_options(chain: Chain, start_block: int | None) -> FollowOptions:
    """Return how to follow a chain: often enough for its block time, gently for the rest."""
    block_seconds = chain.expected_block_seconds
    return FollowOptions(
        start_block=start_block,
        most_back=DEMO_MOST_BACK if chain.id == DEMO_CHAIN_ID else None,
        poll_seconds=min(max(block_seconds / 5, 0.25), 4.0),
        quiet_seconds=min(max(block_seconds / 2, 0.5), 15.0),
    )


async def run(settings: Settings) -> None:
    """Follow every configured chain until cancelled; reconnect by itself to whatever goes away."""
    database = Database(settings.worker_database_url, pool_size=4)
    redis = make_redis(settings.redis_url)
    try:
        async with asyncio.TaskGroup() as group:
            for chain_id, urls in settings.chain_urls.items():
                group.create_task(_follow_for_ever(settings, chain_id, urls, database, redis))
            group.create_task(_drop_old_prices(database))
    finally:
        await redis.aclose()
        await database.close()


async def _follow_for_ever(
    settings: Settings, chain_id: int, urls: list[str], database: Database, redis: Redis
) -> None:
    attempt = 0
    while True:
        rpc = RpcPool(
            chain_id,
            urls,
            requests_per_second=settings.rpc_requests_per_second,
            timeout_seconds=settings.rpc_timeout_seconds,
        )
        started = asyncio.get_running_loop().time()
        try:
            await _demo_market_exists(settings, chain_id)
            async with leadership(settings.worker_database_url, chain_id):
                await make_follower(settings, chain_id, rpc, database, redis).run()
        except (PremiumError, SQLAlchemyError, RedisError, LeadershipLostError, OSError, TimeoutError) as error:
            log.warning("follower starts again", chain_id=chain_id, error=type(error).__name__, reason=str(error)[:300])
        finally:
            await rpc.close()
        if asyncio.get_running_loop().time() - started > 60:
            attempt = 0
        await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
        attempt += 1


async def _drop_old_prices(database: Database) -> None:
    """Drop months of readings that nobody may look at any more; harmless when several processes do it."""
    while True:
        try:
            async with database.unit_of_work() as session:
                dropped = await drop_old_readings(session, PRICES_KEEP)
            if dropped:
                log.info("dropped old readings", months=dropped)
        except (SQLAlchemyError, OSError) as error:
            log.warning("old readings not dropped", error=type(error).__name__)
        await asyncio.sleep(PRICES_EVERY_SECONDS)


async def _demo_market_exists(settings: Settings, chain_id: int) -> None:
    """Wait for the demo market to be deployed, which is what its first block and its prices depend on."""
    if chain_id != DEMO_CHAIN_ID:
        return
    waited = False
    while not settings.demo_addresses_file.exists():
        if not waited:
            log.info("waiting for the demo market", file=str(settings.demo_addresses_file))
        waited = True
        await asyncio.sleep(0.25)


def make_follower(settings: Settings, chain_id: int, rpc: RpcPool, database: Database, redis: Redis) -> ChainFollower:
    """Return a follower of one chain with everything it needs. Raises KeyError or ValueError on a broken demo file."""
    chain = chain_or_unknown(chain_id)
    anchors = market_anchors(chain_id, settings.demo_addresses_file)
    context = ChainContext(chain_id, rpc, chain.multicall3, anchors.factories if anchors else ())
    priced = ChainPricing(context, anchors) if anchors else None
    readings = ChainReadings(context, priced, market_feeds(chain_id, settings.demo_addresses_file))
    pricing: Pricing = priced or NoPricing()
    start_block = anchors.first_block if anchors else None
    return ChainFollower(chain, context, pricing, readings, database, redis, follow_options(chain, start_block))
