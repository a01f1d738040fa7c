"""The job that makes tax reports."""

from uuid import UUID

from backend.core.jobs import JobContext, periodic, task
from backend.tax.reports import making
from backend.tax.reports.service import REPORT_TASK

RETRIES = 3


@task(name=REPORT_TASK, retry=RETRIES, timeout_seconds=1_800)
async def make_report(context: JobContext, report_id: str) -> None:
    """Make a report; after the last try its user is told that it failed."""
    try:
        await making.make(context, UUID(report_id))
    except Exception:
        if context.attempt > RETRIES:
            await making.give_up(context, UUID(report_id))
        raise


@periodic("*/10 * * * *")
@task(name="tax.give_up_lost_reports")
async def give_up_lost_reports(context: JobContext, timestamp: int) -> None:
    """Say that reports failed which nobody makes any more."""
    await making.give_up_lost(context)
