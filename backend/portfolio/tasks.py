"""The jobs of portfolios: snapshots by the hour and on demand, looking for chains and tokens, reading token lists."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from backend.core.clock import utc_now
from backend.core.jobs import JobContext, defer, periodic, task
from backend.core.logging import get_logger
from backend.market.ladder.ladder import Ladder, shared_ladder
from backend.portfolio.activity.tasks import defer_imports
from backend.portfolio.aggregator import USERS_AT_ONCE, Aggregator
from backend.portfolio.chains import multicall3_addresses, shared_pools
from backend.portfolio.discovery import repository as discovery_repository
from backend.portfolio.discovery.finding import Finder
from backend.portfolio.discovery.judging import judge_tokens
from backend.portfolio.discovery.lists import TokenListError, fetch_list
from backend.portfolio.nfts.judging import judge_collections
from backend.portfolio.positions import contracts_of, shared_plugins
from backend.portfolio.refresh import TAKE_NOW_TASK, TAKE_TASK
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.service import worker_home
from backend.portfolio.stablecoins import stablecoins_of
from backend.portfolio.wallets import repository
from backend.portfolio.wallets.service import DISCOVER_TASK

DISCOVER_MANY = "portfolio.discover_many"
USERS_A_JOB = 50
log = get_logger(__name__)


@periodic("2 * * * *")
@task(name="portfolio.take_all", timeout_seconds=600)
async def take_all(context: JobContext, timestamp: int) -> None:
    """Have a snapshot of every user taken, USERS_AT_ONCE together."""
    async for users in _everybody(context, USERS_AT_ONCE):
        async with context.database.unit_of_work() as session:
            await defer(session, TAKE_TASK, user_ids=[str(user_id) for user_id in users])


@task(name=TAKE_TASK, retry=2, timeout_seconds=600)
async def take(context: JobContext, user_ids: list[str]) -> None:
    """Take a snapshot of each of these users."""
    await _take(context, [UUID(user_id) for user_id in user_ids])


@task(name=TAKE_NOW_TASK, retry=1, timeout_seconds=120)
async def take_now(context: JobContext, user_id: str) -> None:
    """Take a snapshot of a user who asked for it."""
    await _take(context, [UUID(user_id)])


async def _take(context: JobContext, users: Sequence[UUID]) -> None:
    settings = context.settings
    pools = shared_pools(settings)
    home = worker_home(settings, context.database)
    aggregator = Aggregator(
        context.database,
        pools,
        multicall3_addresses(list(pools)),
        _ladder(context),
        StoreSink(home, context.redis),
        stablecoins=stablecoins_of(settings, pools),
        plugins=shared_plugins(settings.demo_addresses_file),
        floors=_ladder(context),
    )
    try:
        await aggregator.take(users)
    finally:
        await home.close()
    async with context.database.unit_of_work() as session:
        await defer_imports(session, users)  # what came and went between two snapshots is known soon after the second


def _ladder(context: JobContext) -> Ladder:
    return shared_ladder(context.settings, context.database, context.redis, stores=True)


@task(name=DISCOVER_TASK, retry=3, timeout_seconds=300)
async def discover(context: JobContext, user_id: str) -> None:
    """Look where a user's wallets are active and which tokens they hold, judge those, and take a snapshot."""
    await _discover(context, UUID(user_id))
    await _take(context, [UUID(user_id)])


@task(name=DISCOVER_MANY, retry=1, timeout_seconds=3600)
async def discover_many(context: JobContext, user_ids: list[str]) -> None:
    """Do so for several users, one after the other; their snapshots are taken by the hour."""
    for user_id in user_ids:
        await _discover(context, UUID(user_id))


async def _discover(context: JobContext, user_id: UUID) -> None:
    pools = shared_pools(context.settings)
    known = contracts_of(shared_plugins(context.settings.demo_addresses_file), list(pools))
    finder = Finder(context.database, pools, multicall3_addresses(list(pools)), user_id, known)
    tokens = await finder.run()
    await judge_collections(context.database, _ladder(context), user_id)
    if tokens:
        held_raw = await finder.held_raw()
        spam = await judge_tokens(context.database, list(pools), _ladder(context), user_id, held_raw, known)
        log.info("tokens found", tokens=tokens, spam=spam)


@periodic("40 3 * * *")
@task(name="portfolio.discover_all", timeout_seconds=600)
async def discover_all(context: JobContext, timestamp: int) -> None:
    """Have every user's wallets looked at again."""
    async for users in _everybody(context, USERS_A_JOB):
        async with context.database.unit_of_work() as session:
            await defer(session, DISCOVER_MANY, user_ids=[str(user_id) for user_id in users])


async def _everybody(context: JobContext, together: int) -> AsyncIterator[list[UUID]]:
    """Yield all users with wallets, so many together."""
    after: UUID | None = None
    while True:
        async with context.database.unit_of_work() as session:
            users = await repository.users_with_wallets(session, after, together)
        if not users:
            return
        yield users
        after = users[-1]


@periodic("10 2 * * *")
@task(name="portfolio.read_token_lists", retry=3, timeout_seconds=300)
async def read_token_lists(context: JobContext, timestamp: int) -> None:
    """Fetch the configured token lists; one that cannot be had stays as it was."""
    failed: TokenListError | None = None
    for url in context.settings.token_list_urls:
        try:
            rows = await fetch_list(url)
        except TokenListError as error:
            log.warning("token list not read", reason=error.message)
            failed = error
            continue
        async with context.database.unit_of_work() as session:
            await discovery_repository.replace_list(session, url, rows, utc_now())
        log.info("token list read", tokens=len(rows))
    if failed is not None:
        raise failed
