"""The jobs of the alerts part."""

from backend.alerts.insights import service as insights
from backend.core.jobs import JobContext, periodic, task


@periodic("37 0 * * *")
@task(name="alerts.roll_up_days", timeout_seconds=3600)
async def roll_up_days(context: JobContext, timestamp: int) -> None:
    """Count the alerts and deliveries of the days that are over, for dashboards and analytics."""
    await insights.roll_up(context.database)
