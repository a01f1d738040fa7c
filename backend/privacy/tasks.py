"""The jobs of the privacy part."""

from uuid import UUID

from backend.core.jobs import JobContext, periodic, task
from backend.privacy import jobs
from backend.privacy.service import EXPORT_TASK


@task(name=EXPORT_TASK, retry=3)
async def make_export(context: JobContext, export_id: str) -> None:
    """Make the file of an export."""
    await jobs.make_export(context.database, context.settings, UUID(export_id))


@periodic("*/10 * * * *")
@task(name="privacy.erase_due")
async def erase_due(context: JobContext, timestamp: int) -> None:
    """Erase the accounts whose days of grace are over."""
    await jobs.erase_due(context.database)


@periodic("17 * * * *")
@task(name="privacy.delete_old_exports")
async def delete_old_exports(context: JobContext, timestamp: int) -> None:
    """Delete the files whose time is over."""
    await jobs.delete_old_exports(context.database)
