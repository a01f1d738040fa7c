"""The job of liquidity that users add by hand."""

from backend.core.jobs import JobContext, periodic, task
from backend.core.logging import get_logger
from backend.market.ladder.ladder import shared_ladder
from backend.portfolio.liquidity import service

log = get_logger(__name__)


@periodic("7 * * * *")
@task(name="portfolio.read_liquidity", retry=2, timeout_seconds=300)
async def read_liquidity(context: JobContext, timestamp: int) -> None:
    """Read the pools that users have added."""
    ladder = shared_ladder(context.settings, context.database, context.redis, stores=True)
    count = await service.read_all(context.settings, context.database, ladder)
    log.info("added pools read", pools=count)
