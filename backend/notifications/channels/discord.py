"""Discord: our bot to a person or to a channel that was linked with a code, or an incoming webhook of a channel."""

import re
from typing import Any, ClassVar

import orjson

from backend.core.errors import InvalidInputError
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.channels.exchange import post
from backend.notifications.channels.port import ChannelError, Exchange, OutgoingMessage, Pace, Receipt, Target, Tools
from backend.notifications.chat.discord_api import DiscordError, RateLimits, headers_of, message_of, read_answer
from backend.notifications.chat.said import said_of
from backend.notifications.chat.words import discord_markdown
from backend.notifications.where import link_of

_HOOK = re.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d{5,20})/([\w-]{20,100})"
)
# Discord's own numbers: no such webhook, channel or person; no access; it may not be written to.
_GONE = {10003, 10013, 10015, 50001, 50007, 50013}


class DiscordChannel:
    """Sends by Discord's REST API, which says how often it may be asked."""

    name: ClassVar[str] = "discord"
    dedupes: ClassVar[bool] = False
    holds: ClassVar[bool] = True
    pace: Pace = Pace(per_second=40.0, per_target_per_second=1.0, at_once=16)

    def __init__(self, http: OutgoingHttp, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._api = settings.discord_api_url.rstrip("/")
        self._limits = RateLimits()
        self._direct: dict[str, str] = {}

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Always: a webhook of a channel needs nothing of ours."""
        return True

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Return a webhook of a Discord channel. Raises InvalidInputError; people are linked by a code."""
        found = _HOOK.fullmatch(raw.strip().rstrip("/"))
        if found is None:
            what = "Copy it from the channel's settings, Integrations: https://discord.com/api/webhooks/…"
            raise InvalidInputError("This is no webhook of a Discord channel.", {"target": what})
        return Target(f"hook:{found[1]}/{found[2]}", f"webhook {found[1]}")

    @classmethod
    def make(cls, tools: Tools) -> "DiscordChannel":
        """Return it, ready to send."""
        return cls(tools.http, tools.settings)

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Send to the person, the channel or the webhook. Raises ChannelError."""
        where, _, target = message.target.partition(":")
        text = discord_markdown(said_of(message))
        text += f"\n<{link_of(message, self._settings.app_url)}>"
        try:
            if where == "hook":
                return await self._to_hook(target, message_of(text))
            if not self._settings.has_discord_bot:
                raise ChannelError("There is no Discord bot here any more.", broken=True)
            channel_id = target if where == "channel" else await self._direct_with(target)
            body = message_of(text, nonce=message.id.hex)
            said, exchange = await self._call(f"/channels/{channel_id}/messages", body)
        except DiscordError as error:
            raise _problem(error) from error
        return Receipt(status_code=exchange.status, reference=str(said.get("id", "")) or None, exchange=exchange)

    async def _to_hook(self, hook: str, body: dict[str, Any]) -> Receipt:
        number = hook.partition("/")[0]
        said, exchange = await self._call(
            f"/webhooks/{hook}?wait=true", body, f"/webhooks/{number}/\u2026", token=False
        )
        return Receipt(status_code=exchange.status, reference=str(said.get("id", "")) or None, exchange=exchange)

    async def _direct_with(self, person_id: str) -> str:
        """Return the channel of direct messages with a person, asked for once."""
        if person_id not in self._direct:
            said, _ = await self._call("/users/@me/channels", {"recipient_id": person_id})
            if len(self._direct) >= 10_000:
                self._direct.clear()
            self._direct[person_id] = str(said["id"])
        return self._direct[person_id]

    async def _call(
        self, path: str, body: dict[str, Any], shown: str | None = None, *, token: bool = True
    ) -> tuple[dict[str, Any], Exchange]:
        self._limits.check(path)
        headers = headers_of(self._settings.discord_bot_token if token else None, self._settings.app_url)
        exchange, answer = await post(
            self._http, f"{self._api}{path}", orjson.dumps(body), headers, shown_url=f"{self._api}{shown or path}"
        )
        self._limits.note(path, answer)
        try:
            said = read_answer(answer)
        except DiscordError as error:
            error.exchange = exchange
            raise
        return said if isinstance(said, dict) else {}, exchange


def _problem(error: DiscordError) -> ChannelError:
    exchange = error.exchange
    if error.code in _GONE or error.status == 404:
        why = "Discord refuses: the bot may not write there any more, or the webhook or channel was deleted."
        return ChannelError(why, broken=True, status_code=error.status, exchange=exchange)
    if error.status == 401:
        why = "Discord does not accept our bot's token. We are looking into it."
        return ChannelError(why, retryable=True, about_provider=True, status_code=401, exchange=exchange)
    return ChannelError(
        error.message,
        retryable=error.status == 429 or error.status >= 500,
        retry_after_seconds=error.retry_after_seconds,
        about_provider=error.status >= 500,
        status_code=error.status,
        exchange=exchange,
    )
