"""The job of the leaderboard."""

from backend.core.jobs import JobContext, periodic, task
from backend.portfolio.leaderboard import service
from backend.portfolio.snapshots.service import worker_home


@periodic("35 1 * * *")
@task(name="portfolio.rank_leaderboard", retry=2, timeout_seconds=3600)
async def rank_leaderboard(context: JobContext, timestamp: int) -> None:
    """Rank everybody who joined, after the days that are over were rolled up."""
    home = worker_home(context.settings, context.database)
    try:
        await service.rank_all(context.database, home)
    finally:
        await home.close()
