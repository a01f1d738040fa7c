"""The alerts process: every configured chain's events, and the platform's own, against every active rule."""

import asyncio

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from backend.alerts.firing.consumer import ChainConsumer
from backend.alerts.firing.quota_book import QuotaBook
from backend.alerts.firing.relay import PlatformRelay
from backend.alerts.firing.rule_feed import RuleFeed
from backend.alerts.platform import PLATFORM_CHAIN_ID
from backend.core.db import Database
from backend.core.redis import make_redis
from backend.core.settings import Settings


async def run(settings: Settings) -> None:
    """Match and store until cancelled. PostgreSQL and Redis may come and go; nothing is lost or stored twice."""
    chains = [PLATFORM_CHAIN_ID, *settings.chain_urls]
    database = Database(settings.worker_database_url, pool_size=len(chains) + 2)
    redis = make_redis(settings.redis_url, socket_timeout_seconds=10.0)
    # A read that is silently tried again would leave what the first try took unprocessed: the consumer begins again.
    redis.set_retry(Retry(NoBackoff(), 0))
    feed, quotas = RuleFeed(database), QuotaBook()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run())
            group.create_task(PlatformRelay(database, redis).run())
            for chain_id in chains:
                group.create_task(ChainConsumer(chain_id, database, redis, feed, quotas).run())
    finally:
        await redis.aclose()
        await database.close()
