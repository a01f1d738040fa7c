"""What this process holds open: its database pool, Redis, live hub and limits. Pages and the API use the same.

Made on first use and never at import, because web workers are forked after the app is imported.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from redis.asyncio import Redis

from backend.accounts.identity import Identities
from backend.accounts.signing_keys.service import SigningKeys
from backend.accounts.throttle import Throttle
from backend.api.limits import RequestLimiter, impatient_redis
from backend.core.db import Database
from backend.core.live_cache import LiveCache
from backend.core.redis import PORTFOLIO_CHANNEL_PATTERN, make_redis
from backend.core.settings import Settings, get_settings
from backend.market.ladder.service import close_shared_ladders
from backend.notifications.service import LiveHub, use_live_hub
from backend.portfolio.chains import close_shared_pools
from backend.portfolio.snapshots.service import SnapshotHome
from backend.subscriptions.schemas import SubscriptionRead
from backend.subscriptions.service import close_shared_gateways


@dataclass(frozen=True, slots=True)
class Resources:
    """The connections of this process; `database` connects as the role that row-level security binds to one user.

    `timeseries` is where price history is read: the same one, unless TIMESERIES_URL names another server. `snapshots`
    opens the store of portfolio snapshots, `portfolio_hub` carries the news of it as `hub` does those of alerts.
    `counters` is Redis for what only counts: it gives up soon. `subscription_views` keeps what users are shown of what
    they pay.
    """

    settings: Settings
    database: Database
    timeseries: Database
    redis: Redis
    counters: Redis
    hub: LiveHub
    portfolio_hub: LiveHub
    snapshots: SnapshotHome
    identities: Identities
    signing_keys: SigningKeys
    limiter: RequestLimiter
    throttle: Throttle
    subscription_views: LiveCache[UUID, SubscriptionRead]


_current: Resources | None = None


def make_resources(settings: Settings) -> Resources:
    """Return the resources that `settings` name. Nothing connects before it is used."""
    redis, counters = make_redis(settings.redis_url), impatient_redis(settings.redis_url)
    database = Database(settings.database_url, settings.database_pool_size)
    elsewhere = settings.timeseries_url
    timeseries = Database(elsewhere, settings.database_pool_size) if elsewhere else database
    keys = SigningKeys(database)
    identities = Identities(database, keys)
    return Resources(
        settings=settings,
        database=database,
        timeseries=timeseries,
        redis=redis,
        counters=counters,
        hub=LiveHub(redis),
        portfolio_hub=LiveHub(redis, PORTFOLIO_CHANNEL_PATTERN),
        snapshots=SnapshotHome(database, timeseries if settings.worker_timeseries_url else None, "web"),
        identities=identities,
        signing_keys=keys,
        limiter=RequestLimiter(counters),
        throttle=Throttle(counters),
        subscription_views=identities.view("subscriptions"),
    )


def resources() -> Resources:
    """Return this process's resources, made from the environment's settings if nobody started them."""
    global _current
    if _current is None:
        _current = make_resources(get_settings())
        use_live_hub(_current.hub)
    return _current


async def start_resources(settings: Settings | None = None) -> Resources:
    """Make this process's resources (closing those of before) and start listening for live messages."""
    global _current
    await stop_resources()
    _current = make_resources(settings or get_settings())
    use_live_hub(_current.hub)
    _current.hub.start()
    _current.identities.start()
    return _current


async def stop_resources() -> None:
    """Close every connection of this process; the next use makes new ones."""
    global _current
    held, _current = _current, None
    if held is None:
        return
    use_live_hub(None)
    await held.hub.close()
    await held.portfolio_hub.close()
    await held.identities.close()
    await close_shared_gateways()
    await close_shared_pools()
    await close_shared_ladders()
    await held.counters.aclose()
    await held.redis.aclose()
    await held.database.close()
    if held.timeseries is not held.database:
        await held.timeseries.close()


@asynccontextmanager
async def resources_lifespan() -> AsyncIterator[None]:
    """Hold the resources while the web process lives (for `App.register_lifespan_task`)."""
    await start_resources()
    try:
        yield
    finally:
        await stop_resources()
