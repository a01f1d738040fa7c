"""The jobs of the privacy part."""

from uuid import UUID

from backend.core.clock import utc_now
from backend.core.jobs import JobContext, periodic, task
from backend.privacy import erasing, exporting, repository, retention
from backend.privacy.schemas import EXPORT_KEEP
from backend.privacy.service import EXPORT_TASK, HUNG_AFTER, PREPARE_TASK

EXPORT_RETRIES = 3


@task(name=EXPORT_TASK, retry=EXPORT_RETRIES, timeout_seconds=1800)
async def make_export(context: JobContext, export_id: str) -> None:
    """Make the file of an export; after the last try its user is told that it failed."""
    try:
        await exporting.make_export(context.database, context.settings, UUID(export_id))
    except Exception:
        if context.attempt > EXPORT_RETRIES:
            await exporting.give_up(context.database, UUID(export_id))
        raise


@task(name=PREPARE_TASK, retry=8)
async def prepare_erasure(context: JobContext, user_id: str) -> None:
    """Stop what must not go on until an account is erased."""
    await erasing.prepare(context, UUID(user_id))


@periodic("*/10 * * * *")
@task(name="privacy.erase_due", timeout_seconds=1800)
async def erase_due(context: JobContext, timestamp: int) -> None:
    """Erase the accounts whose days of grace are over."""
    await erasing.erase_due(context)


@periodic("43 3 * * *")
@task(name="privacy.erase_unconfirmed", timeout_seconds=3600)
async def erase_unconfirmed(context: JobContext, timestamp: int) -> None:
    """Erase the accounts whose address was never confirmed."""
    await erasing.erase_unconfirmed(context)


@periodic("17 * * * *")
@task(name="privacy.delete_old_exports")
async def delete_old_exports(context: JobContext, timestamp: int) -> None:
    """Delete the files whose time is over; those that never came have failed."""
    now = utc_now()
    async with context.database.unit_of_work() as session:
        await repository.fail_hung_exports(session, now - HUNG_AFTER, exporting.FAILED)
        await repository.delete_old_exports(session, now, now - EXPORT_KEEP)


@periodic("23 3 * * *")
@task(name="privacy.delete_old_rows", timeout_seconds=3600)
async def delete_old_rows(context: JobContext, timestamp: int) -> None:
    """Delete what we may not keep any longer (see retention.py)."""
    await retention.delete_old_rows(context.database)
