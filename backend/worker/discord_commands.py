"""Tells Discord which commands our bot has, each time the process begins; telling it again changes nothing."""

import asyncio

from backend.bots.interactions import commands
from backend.core.errors import RemoteError
from backend.core.http import OutgoingHttp
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.notifications.chat.discord_api import headers_of, put_commands

RETRY_SECONDS = (2.0, 10.0, 60.0, 300.0, 900.0)
log = get_logger(__name__)


async def register_discord_commands(settings: Settings) -> None:
    """Register the commands; tries again until Discord took them. Without a bot nothing is done."""
    if not settings.has_discord_bot:
        return
    headers = headers_of(settings.discord_bot_token, settings.app_url)
    async with OutgoingHttp(timeout_seconds=15, allow_private=settings.webhook_allow_private) as http:
        for wait in (*RETRY_SECONDS, None):
            try:
                await put_commands(http, settings.discord_api_url, settings.discord_application_id, headers, commands())
            except RemoteError as error:
                log.warning("discord took no commands", reason=error.message, again_in_seconds=wait)
                if wait is not None:
                    await asyncio.sleep(wait)
            else:
                log.info("discord knows our commands")
                return
