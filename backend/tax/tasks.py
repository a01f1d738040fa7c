"""The job that takes the wallets' history over: when the ledger was read on or changed, and before a report."""

from uuid import UUID

from backend.accounts.service import Feature, allows, find_user
from backend.core.jobs import JobContext, task
from backend.tax import ledger_sync
from backend.tax.sync.service import SYNC


@task(name=SYNC, retry=3, timeout_seconds=600)
async def sync_wallets(context: JobContext, user_id: str) -> None:
    """Take the history of a user's wallets over into their tax book, if their plan has one."""
    user = await find_user(context.database, UUID(user_id))
    if user is None or not allows(user.tier, Feature.TAX):
        return
    async with context.database.unit_of_work() as session:
        await ledger_sync.sync(session, context.settings, user.id, user.tier)
