"""The job that prices what files and users say without a worth, and tries again later what nobody knew."""

from datetime import timedelta
from uuid import UUID

from backend.accounts.service import Feature, allows, find_user
from backend.core.clock import utc_now
from backend.core.jobs import JobContext, task
from backend.core.logging import get_logger
from backend.market.ladder.service import shared_ladder
from backend.tax.pricing.service import price_transactions
from backend.tax.pricing.soon import PRICE, price_again

# After each try that left something unknown; then it stays unknown until something is added.
TRY_AGAIN = (timedelta(minutes=20), timedelta(hours=7), timedelta(days=1))
log = get_logger(__name__)


@task(name=PRICE, retry=3, timeout_seconds=900)
async def price(context: JobContext, user_id: str, tries: int) -> None:
    """Price a user's transactions, if their plan has tax."""
    user = await find_user(context.database, UUID(user_id))
    if user is None or not allows(user.tier, Feature.TAX):
        return
    ladder = shared_ladder(context.settings, context.database, context.redis, stores=True)
    done = await price_transactions(context.database, context.settings, ladder, user.id)
    log.info("transactions priced", user_id=user_id, priced=done.priced, unknown=done.unknown)
    if done.unknown and tries < len(TRY_AGAIN):
        async with context.database.unit_of_work() as session:
            await price_again(session, user.id, tries + 1, utc_now() + TRY_AGAIN[tries])
