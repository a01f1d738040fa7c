"""Discord's REST API, version 10, as far as we use it: messages to people and channels, and the commands we have.

Discord says with each answer how many calls of a kind are left and when there are more: nothing is asked before.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import SecretStr

from backend.core.clock import now_seconds
from backend.core.errors import RemoteError
from backend.core.http import Answer, OutgoingHttp
from backend.notifications.channels.port import Exchange

SUPPRESS_EMBEDS = 1 << 2
_MOST_PLACES = 10_000


class DiscordError(RemoteError):
    """Discord answered that it did not do it. `status` is that of HTTP, `code` Discord's own number (0: none)."""

    def __init__(self, status: int, code: int, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"Discord answered {status}: {message[:200]}")
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.exchange: Exchange | None = None  # what was asked and answered, where it is known


def headers_of(token: SecretStr | None, app_url: str) -> dict[str, str]:
    """Return the headers of a call, with the bot's token if there is one."""
    named = {"Content-Type": "application/json", "User-Agent": f"DiscordBot ({app_url}, 1)"}
    return {**named, "Authorization": f"Bot {token.get_secret_value()}"} if token else named


def message_of(text: str, nonce: str | None = None) -> dict[str, Any]:
    """Return the body of a message that calls nobody and unfolds no links; the same `nonce` is the same message."""
    body: dict[str, Any] = {"content": text, "allowed_mentions": {"parse": []}, "flags": SUPPRESS_EMBEDS}
    return body if nonce is None else {**body, "nonce": nonce[:25], "enforce_nonce": True}


def read_answer(answer: Answer) -> Any:
    """Return what a call gave. Raises DiscordError when it was not done."""
    said = _read(answer)
    if 200 <= answer.status < 300 and said is not None:
        return said
    details = said if isinstance(said, dict) else {}
    wait = _number(details.get("retry_after")) or answer.retry_after_seconds
    raise DiscordError(answer.status, int(_number(details.get("code")) or 0), str(details.get("message", "")), wait)


async def put_commands(
    http: OutgoingHttp, url: str, application_id: str, headers: dict[str, str], commands: Sequence[dict[str, Any]]
) -> None:
    """Say which commands the application has, in place of those it had. Raises DiscordError, RemoteError."""
    address = f"{url.rstrip('/')}/applications/{application_id}/commands"
    body = orjson.dumps(list(commands))
    read_answer(await http.request("PUT", address, body, headers, timeout_seconds=15.0, keep_bytes=256 * 1024))


class RateLimits:
    """What Discord said about how often it may be asked, by place (a method and path), and for everything."""

    def __init__(self) -> None:
        self._not_before: dict[str, float] = {}

    def check(self, place: str) -> None:
        """Raise DiscordError while no call is left there."""
        wait = max(self._not_before.get(place, 0.0), self._not_before.get("", 0.0)) - now_seconds()
        if wait > 0:
            raise DiscordError(429, 0, "no more calls of this kind for now", wait)

    def note(self, place: str, answer: Answer) -> None:
        """Note what an answer said."""
        named = {name.lower(): value for name, value in answer.headers}
        if answer.status == 429:
            said = _read(answer)
            details = said if isinstance(said, dict) else {}
            wait = _number(details.get("retry_after")) or answer.retry_after_seconds or 1.0
            is_global = named.get("x-ratelimit-global") == "true" or details.get("global") is True
            self._remember("" if is_global else place, wait)
        elif named.get("x-ratelimit-remaining") == "0":
            self._remember(place, _number(named.get("x-ratelimit-reset-after")) or 0.0)

    def _remember(self, place: str, seconds: float) -> None:
        now = now_seconds()
        if len(self._not_before) >= _MOST_PLACES:
            self._not_before = {each: until for each, until in self._not_before.items() if until > now}
        self._not_before[place] = now + seconds


def _read(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body) if answer.body else {}
    except orjson.JSONDecodeError:
        return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
