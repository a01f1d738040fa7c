"""The notifications process: what is in the outbox goes out through its channels, and mails go out."""

import asyncio

from backend.core.db import Database
from backend.core.settings import Settings
from backend.notifications.channels.registry import open_channels
from backend.worker.dispatcher import Dispatcher
from backend.worker.mails import run_mails


async def run(settings: Settings) -> None:
    """Send messages and mails that are due until cancelled; goes on by itself when PostgreSQL comes back."""
    database = Database(settings.worker_database_url, pool_size=8)
    try:
        async with open_channels(settings, database) as channels, asyncio.TaskGroup() as group:
            group.create_task(Dispatcher(settings, database, channels).run(), name="outbox")
            group.create_task(run_mails(settings, database), name="mails")
    finally:
        await database.close()
