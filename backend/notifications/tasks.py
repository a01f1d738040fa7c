"""The jobs of the notifications part."""

from backend.core.jobs import JobContext, periodic, task
from backend.core.retention import kept
from backend.notifications.mail import repository as mails

KEEP_SENT_DAYS = kept("mail_outbox, sent").days
KEEP_DEAD_DAYS = kept("mail_outbox, not delivered").days


@periodic("41 * * * *")
@task(name="notifications.delete_old_mails")
async def delete_old_mails(context: JobContext, timestamp: int) -> None:
    """Delete the mails that nobody needs to see any more."""
    async with context.database.unit_of_work() as session:
        await mails.delete_old_mails(session, KEEP_SENT_DAYS, KEEP_DEAD_DAYS)
