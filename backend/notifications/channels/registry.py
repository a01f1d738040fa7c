"""The channels there are. A new one is a module beside this and a line in `_CHANNELS`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.channels.discord import DiscordChannel
from backend.notifications.channels.email import EmailChannel
from backend.notifications.channels.port import Channel, Tools
from backend.notifications.channels.push import PushChannel
from backend.notifications.channels.slack import SlackChannel
from backend.notifications.channels.telegram import TelegramChannel
from backend.notifications.channels.webhook import WebhookChannel
from backend.notifications.mail.adapters import mail_port

_CHANNELS: tuple[type[Channel], ...] = (
    WebhookChannel,
    EmailChannel,
    PushChannel,
    TelegramChannel,
    DiscordChannel,
    SlackChannel,
)
_BY_NAME = {channel.name: channel for channel in _CHANNELS}
CHANNEL_NAMES = tuple(_BY_NAME)
DEDUPING = tuple(channel.name for channel in _CHANNELS if channel.dedupes)
HELD = frozenset(channel.name for channel in _CHANNELS if channel.holds)


def channel_class(name: str) -> type[Channel]:
    """Return a channel's class. Raises InvalidInputError when there is none of this name."""
    found = _BY_NAME.get(name)
    if found is None:
        raise InvalidInputError("There is no such channel.", {"channel": f"One of: {', '.join(CHANNEL_NAMES)}."})
    return found


def channels_set_up(settings: Settings) -> tuple[str, ...]:
    """Return the names of the channels that these settings can serve."""
    return tuple(channel.name for channel in _CHANNELS if channel.is_set_up(settings))


@asynccontextmanager
async def open_channels(
    settings: Settings, database: Database, http: OutgoingHttp | None = None
) -> AsyncIterator[dict[str, Channel]]:
    """Open every channel that is set up, by name (in the dispatcher)."""
    client = http or OutgoingHttp(
        timeout_seconds=settings.webhook_timeout_seconds, allow_private=settings.webhook_allow_private
    )
    async with client, mail_port(settings, database) as mail:
        tools = Tools(settings, database, client, mail)
        yield {channel.name: channel.make(tools) for channel in _CHANNELS if channel.is_set_up(settings)}
