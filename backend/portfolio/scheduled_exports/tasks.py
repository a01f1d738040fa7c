"""The jobs of scheduled exports."""

from uuid import UUID

from backend.core.jobs import JobContext, periodic, task
from backend.portfolio.scheduled_exports import making
from backend.portfolio.scheduled_exports.service import MAKE_TASK
from backend.portfolio.snapshots.service import worker_home

RETRIES = 4


@periodic("* * * * *")
@task(name="portfolio.begin_due_exports")
async def begin_due_exports(context: JobContext, timestamp: int) -> None:
    """Put the exports that are due in line."""
    await making.begin_due(context.database)


@task(name=MAKE_TASK, retry=RETRIES, timeout_seconds=600)
async def make_scheduled_export(context: JobContext, run_id: str) -> None:
    """Make an export and hand it over; after the last try its user is told that it failed."""
    home = worker_home(context.settings, context.database)
    try:
        await making.make(context, home, UUID(run_id))
    except Exception:
        if context.attempt > RETRIES:
            await making.give_up(context.database, UUID(run_id))
        raise
    finally:
        await home.close()


@periodic("27 * * * *")
@task(name="portfolio.delete_old_export_runs")
async def delete_old_export_runs(context: JobContext, timestamp: int) -> None:
    """Delete the files of scheduled exports whose time is over."""
    await making.delete_old(context.database)
