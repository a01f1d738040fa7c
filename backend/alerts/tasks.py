"""The jobs of the alerts part."""

from uuid import UUID

from backend.alerts.automation import runner
from backend.alerts.automation.planning import RUN_TASK
from backend.alerts.engine.quota import Period
from backend.alerts.firing.held_back import sum_up
from backend.alerts.firing.quotas import SUM_UP_TASK
from backend.alerts.insights import service as insights
from backend.alerts.schedules import service as schedules
from backend.core.jobs import JobContext, periodic, task

RUN_RETRIES = 8


@periodic("37 0 * * *")
@task(name="alerts.roll_up_days", timeout_seconds=3600)
async def roll_up_days(context: JobContext, timestamp: int) -> None:
    """Count the alerts and deliveries of the days that are over, for dashboards and analytics."""
    await insights.roll_up(context.database)


@task(name=SUM_UP_TASK, timeout_seconds=60)
async def sum_up_held_back(context: JobContext, user_id: str, seconds: int, number: int) -> None:
    """Tell a user what their plan held back in an hour or a day."""
    await sum_up(context.database, UUID(user_id), Period(seconds, number))


@task(name=RUN_TASK, retry=RUN_RETRIES, timeout_seconds=60)
async def run_automation(context: JobContext, run_id: str) -> None:
    """Do what a rule does when it fires, beside telling; steps that are done are not done again."""
    try:
        await runner.run_automation(context.database, UUID(run_id))
    except Exception as error:
        if context.attempt > RUN_RETRIES:
            await runner.give_up(context.database, UUID(run_id), repr(error))
        raise


@periodic("* * * * *")
@task(name="alerts.publish_due")
async def publish_due(context: JobContext, timestamp: int) -> None:
    """Publish that schedules are due."""
    await schedules.publish_due(context.database)


@periodic("* * * * *")
@task(name="alerts.expire_rules")
async def expire_rules(context: JobContext, timestamp: int) -> None:
    """Pause the rules that have expired."""
    await schedules.expire_rules(context.database)
