"""The jobs of the notifications part."""

from backend.core.jobs import JobContext, periodic, task
from backend.notifications.mail import repository as mails

KEEP_SENT_DAYS = 30
KEEP_DEAD_DAYS = 90


@periodic("41 * * * *")
@task(name="notifications.delete_old_mails")
async def delete_old_mails(context: JobContext, timestamp: int) -> None:
    """Delete the mails that nobody needs to see any more."""
    async with context.database.unit_of_work() as session:
        await mails.delete_old_mails(session, KEEP_SENT_DAYS, KEEP_DEAD_DAYS)
