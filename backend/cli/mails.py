"""`premium mails`: what waits to be sent, what was given up and why; `--resend ID` puts one in line again."""

import asyncio
import sys
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database
from backend.core.settings import Settings
from backend.notifications.mail import repository

MOST_SHOWN = 50


def show_mails(settings: Settings, resend: UUID | None) -> int:
    """Print the state of the mail outbox (never what a mail says); return 1 when it cannot be read."""
    if not settings.worker_database_url:
        print("WORKER_DATABASE_URL is not set: it names the database that the mails are in.", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_show(settings, resend))
    except (SQLAlchemyError, OSError) as error:
        print(f"The database cannot be read: {type(error).__name__}", file=sys.stderr)
        return 1


async def _show(settings: Settings, resend: UUID | None) -> int:
    database = Database(settings.worker_database_url, pool_size=1)
    try:
        async with database.unit_of_work() as session:
            if resend is not None and not await repository.put_in_line_again(session, resend):
                print(f"No mail {resend} was given up.", file=sys.stderr)
                return 1
            counts = await repository.count_by_status(session)
            oldest = await repository.oldest_waiting_seconds(session)
            dead = await repository.list_dead(session, MOST_SHOWN)
    finally:
        await database.close()
    waiting = counts.get("pending", 0) + counts.get("sending", 0)
    print(
        f"waiting {waiting} (the oldest for {oldest:.0f} s), sent {counts.get('sent', 0)},"
        f" given up {counts.get('dead', 0)}"
    )
    for mail in dead:
        print(
            f"{mail['id']}  {mail['created_at']:%Y-%m-%d %H:%M}  {mail['template']:<24} to {mail['recipient']}"
            f"  after {mail['attempts']} tries: {mail['last_error']}"
        )
    return 0
