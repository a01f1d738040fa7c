"""The jobs of portfolios: looking for chains and tokens of wallets, reading token lists."""

from uuid import UUID

from backend.core.clock import utc_now
from backend.core.jobs import JobContext, defer, periodic, task
from backend.core.logging import get_logger
from backend.portfolio.chains import multicall3_addresses, shared_pools
from backend.portfolio.discovery import repository as discovery_repository
from backend.portfolio.discovery.finding import Finder
from backend.portfolio.discovery.judging import judge_tokens
from backend.portfolio.discovery.lists import TokenListError, fetch_list
from backend.portfolio.prices import FollowedPrices
from backend.portfolio.wallets import repository
from backend.portfolio.wallets.service import DISCOVER_TASK

DISCOVER_MANY = "portfolio.discover_many"
USERS_A_JOB = 50
log = get_logger(__name__)


@task(name=DISCOVER_TASK, retry=3, timeout_seconds=300)
async def discover(context: JobContext, user_id: str) -> None:
    """Look where a user's wallets are active and which tokens they hold, and judge those."""
    await _discover(context, UUID(user_id))


@task(name=DISCOVER_MANY, retry=1, timeout_seconds=3600)
async def discover_many(context: JobContext, user_ids: list[str]) -> None:
    """Do so for several users, one after the other."""
    for user_id in user_ids:
        await _discover(context, UUID(user_id))


async def _discover(context: JobContext, user_id: UUID) -> None:
    pools = shared_pools(context.settings)
    finder = Finder(context.database, pools, multicall3_addresses(list(pools)), user_id)
    tokens = await finder.run()
    if tokens:
        prices = FollowedPrices(context.settings, context.database)
        spam = await judge_tokens(context.database, list(pools), prices, user_id, await finder.held_raw())
        log.info("tokens found", tokens=tokens, spam=spam)


@periodic("40 3 * * *")
@task(name="portfolio.discover_all", timeout_seconds=600)
async def discover_all(context: JobContext, timestamp: int) -> None:
    """Have every user's wallets looked at again."""
    after: UUID | None = None
    while True:
        async with context.database.unit_of_work() as session:
            users = await repository.users_with_wallets(session, after, USERS_A_JOB)
            if not users:
                return
            await defer(session, DISCOVER_MANY, user_ids=[str(user_id) for user_id in users])
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
