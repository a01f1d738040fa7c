"""Telegram's Bot API, as far as we use it: `getMe`, `getUpdates`, `setMyCommands`, `sendMessage`.

The token stands in the address, so addresses are never logged, and errors repeat none.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from backend.core.errors import RemoteError
from backend.core.http import Answer, OutgoingHttp

POLL_SECONDS = 25
_POLL_BYTES = 4 * 1024 * 1024
_CALL_SECONDS = 15.0


class TelegramError(RemoteError):
    """Telegram answered that it did not do it. `status` is its error code, as of HTTP."""

    def __init__(self, status: int, description: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"Telegram answered {status}: {description[:200]}")
        self.status = status
        self.description = description
        self.retry_after_seconds = retry_after_seconds


class _Of(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class TelegramPerson(_Of):
    """Who wrote."""

    id: int
    is_bot: bool = False


class TelegramChat(_Of):
    """Where it was written; `type` is private, group, supergroup or channel."""

    id: int
    type: str


class TelegramMessage(_Of):
    """A message. `text` is untrusted."""

    message_id: int
    chat: TelegramChat
    text: str = ""


class _Incoming(TelegramMessage):
    sender: TelegramPerson | None = None


class _Membership(_Of):
    chat: TelegramChat
    status: str


@dataclass(frozen=True, slots=True)
class Update:
    """One update: a message of a person, or that somebody blocked the bot (`blocked_by`), or neither."""

    id: int
    chat: TelegramChat | None = None
    person_id: int | None = None
    text: str = ""
    blocked_by: int | None = None


class TelegramApi:
    """Calls the Bot API with the bot's token. Every call raises TelegramError, or RemoteError when nothing answers."""

    def __init__(self, http: OutgoingHttp, api_url: str, token: SecretStr) -> None:
        self._http = http
        self._base = f"{api_url.rstrip('/')}/bot{token.get_secret_value()}"

    async def name(self) -> str:
        """Return the bot's user name."""
        return str((await self._call("getMe", {})).get("username", ""))

    async def updates(self, offset: int, wait_seconds: int = POLL_SECONDS) -> list[Update]:
        """Wait for updates from number `offset` on, at most `wait_seconds`; asking for them confirms those before."""
        wanted = {"offset": offset, "timeout": wait_seconds, "allowed_updates": ["message", "my_chat_member"]}
        found = await self._call("getUpdates", wanted, wait_seconds + _CALL_SECONDS, _POLL_BYTES)
        return [update_of(each) for each in found] if isinstance(found, list) else []

    async def set_commands(self, commands: dict[str, str]) -> None:
        """Say which commands there are, for Telegram's menu."""
        listed = [{"command": name, "description": text} for name, text in commands.items()]
        await self._call("setMyCommands", {"commands": listed, "scope": {"type": "all_private_chats"}})

    async def send(self, chat_id: str, text: str) -> None:
        """Send a text in Telegram's HTML."""
        await self._call("sendMessage", message_of(chat_id, text))

    async def _call(
        self, method: str, body: dict[str, Any], timeout_seconds: float = _CALL_SECONDS, most_bytes: int = 256 * 1024
    ) -> Any:
        return read_answer(
            await self._http.request(
                "POST",
                f"{self._base}/{method}",
                orjson.dumps(body),
                {"Content-Type": "application/json"},
                timeout_seconds=timeout_seconds,
                keep_bytes=most_bytes,
            )
        )


def message_of(chat_id: str, text: str, link: tuple[str, str] | None = None) -> dict[str, Any]:
    """Return the body of `sendMessage`: a text in Telegram's HTML, with a button (its text, its address) below.

    Telegram takes public https addresses only.
    """
    body: dict[str, Any] = {
        "chat_id": chat_id,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if link is not None and link[1].startswith("https://"):
        body["reply_markup"] = {"inline_keyboard": [[{"text": link[0], "url": link[1]}]]}
    return body


def read_answer(answer: Answer) -> Any:
    """Return the result of a call. Raises TelegramError, with its words, when it was not done."""
    try:
        said = orjson.loads(answer.body)
        if said["ok"] is True:
            return said["result"]
        wait = (said.get("parameters") or {}).get("retry_after")
        status, description = int(said["error_code"]), str(said.get("description", ""))
        raise TelegramError(status, description, float(wait) if wait else None)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise TelegramError(answer.status, "what it said cannot be read", answer.retry_after_seconds) from None


def update_of(raw: Any) -> Update:
    """Return an update as we know it; what we do not understand is an update without content, so that it is passed."""
    number = int(raw["update_id"])
    try:
        if isinstance(message := raw.get("message"), dict):
            read = _Incoming.model_validate({**message, "sender": message.get("from")})
            person = read.sender.id if read.sender and not read.sender.is_bot else None
            return Update(number, read.chat, person, read.text[:1000])
        if isinstance(change := raw.get("my_chat_member"), dict):
            status = (change.get("new_chat_member") or {}).get("status", "")
            read_change = _Membership.model_validate({"chat": change.get("chat"), "status": status})
            if read_change.status in ("kicked", "left"):
                return Update(number, blocked_by=read_change.chat.id)
    except ValidationError:
        pass
    return Update(number)
