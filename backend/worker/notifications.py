"""The notifications process: what is in the outbox goes out through its channels, mails go out, bots answer."""

import asyncio

import backend.alerts.kinds.registry  # noqa: F401 - says which kinds there are, and how long their news are worth telling
from backend.core.db import Database
from backend.core.settings import Settings
from backend.notifications.channels.registry import open_channels
from backend.worker.discord_commands import register_discord_commands
from backend.worker.dispatcher import Dispatcher
from backend.worker.mails import run_mails
from backend.worker.telegram import run_telegram


async def run(settings: Settings) -> None:
    """Send messages and mails that are due until cancelled; goes on by itself when PostgreSQL comes back."""
    database = Database(settings.worker_database_url, pool_size=8)
    try:
        async with open_channels(settings, database) as channels, asyncio.TaskGroup() as group:
            group.create_task(Dispatcher(settings, database, channels).run(), name="outbox")
            group.create_task(run_mails(settings, database), name="mails")
            group.create_task(run_telegram(settings, database), name="telegram")
            group.create_task(register_discord_commands(settings), name="discord-commands")
    finally:
        await database.close()
