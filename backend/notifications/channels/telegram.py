"""Telegram: a message of our bot to a chat that was linked with a code."""

from typing import ClassVar

import orjson

from backend.core.errors import InvalidInputError
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.channels.exchange import post
from backend.notifications.channels.port import ChannelError, Exchange, OutgoingMessage, Pace, Receipt, Target, Tools
from backend.notifications.chat.said import said_of
from backend.notifications.chat.telegram_api import TelegramError, message_of, read_answer
from backend.notifications.chat.words import telegram_html
from backend.notifications.where import link_of

_SHOWN = "/bot\u2026/sendMessage"


class TelegramChannel:
    """Sends by the Bot API: about 30 messages a second in all, one a second to a chat."""

    name: ClassVar[str] = "telegram"
    dedupes: ClassVar[bool] = False
    holds: ClassVar[bool] = True
    pace: Pace = Pace(per_second=25.0, per_target_per_second=1.0, at_once=16)

    def __init__(self, http: OutgoingHttp, settings: Settings) -> None:
        self._http = http
        self._app_url = settings.app_url
        self._api = settings.telegram_api_url.rstrip("/")
        self._token = settings.telegram_bot_token

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Return whether there is a bot."""
        return bool(settings.telegram_bot_token.get_secret_value())

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Refuse what was typed: only the chat itself can prove whose it is. Raises InvalidInputError."""
        raise InvalidInputError("A chat is linked by a code.", {"target": "Get a code and send it to the bot."})

    @classmethod
    def make(cls, tools: Tools) -> "TelegramChannel":
        """Return it, ready to send."""
        return cls(tools.http, tools.settings)

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Send to the chat. Raises ChannelError."""
        said = message_of(message.target, telegram_html(said_of(message)), ("Open", link_of(message, self._app_url)))
        url = f"{self._api}/bot{self._token.get_secret_value()}/sendMessage"
        exchange, answer = await post(
            self._http,
            url,
            orjson.dumps(said),
            {"Content-Type": "application/json"},
            shown_url=f"{self._api}{_SHOWN}",
        )
        try:
            taken = read_answer(answer)
        except TelegramError as error:
            raise _problem(error, exchange) from error
        number = taken.get("message_id") if isinstance(taken, dict) else None
        return Receipt(status_code=answer.status, reference=str(number) if number else None, exchange=exchange)


def _problem(error: TelegramError, exchange: Exchange) -> ChannelError:
    if error.status == 403:
        why = "Telegram refuses: you stopped the bot, or left. Start it there again, then test this channel."
        return ChannelError(why, broken=True, status_code=403, exchange=exchange)
    if error.status == 400 and "chat not found" in error.description.lower():
        why = "Telegram does not know this chat any more. Link it again."
        return ChannelError(why, broken=True, status_code=400, exchange=exchange)
    if error.status in (401, 404):
        why = "Telegram does not accept our bot's token. We are looking into it."
        return ChannelError(why, retryable=True, about_provider=True, status_code=error.status, exchange=exchange)
    return ChannelError(
        error.message,
        retryable=error.status == 429 or error.status >= 500,
        retry_after_seconds=error.retry_after_seconds,
        about_provider=error.status >= 500,
        status_code=error.status,
        exchange=exchange,
    )
