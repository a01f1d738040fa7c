"""The job that computes what the years of a long history come to."""

from uuid import UUID

from backend.core.garbage import no_search_for_cycles
from backend.core.jobs import JobContext, task
from backend.tax.summary import service


@task(name=service.SUMMARISE, retry=2, timeout_seconds=300)
async def summarise_years(context: JobContext, user_id: str) -> None:
    """Compute the years of a user for whoever asked for them, unless that was done meanwhile."""
    user = UUID(user_id)
    async with context.database.unit_of_work(user) as session:
        with no_search_for_cycles():
            await service.compute(session, user, context.redis)
