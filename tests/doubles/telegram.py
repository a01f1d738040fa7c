"""Telegram's Bot API on a real socket: long polling, messages in HTML, blocked bots, flood control; strict in form."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import orjson
from aiohttp import web

TOKEN = "123456:test-token"
BOT_NAME = "PremiumTestBot"
_TAGS = {"b", "i", "u", "s", "code", "pre", "a", "blockquote"}
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class _Markup(HTMLParser):
    """Reads Telegram's HTML; `text` is what a person sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.problem = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.problem = f'Unsupported start tag "{tag}"'
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problem = f'Unmatched end tag "{tag}"'

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Sent:
    """A message that the bot sent."""

    chat_id: str
    text: str
    html: str
    buttons: list[dict[str, str]]


@dataclass
class TelegramDouble:
    """What was written and sent; `script` answers the next sendMessage with (error code, description, retry_after)."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    commands: list[dict[str, str]] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    chats: set[str] = field(default_factory=set)
    script: list[tuple[int, str, int | None]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    polls: int = 0
    _polling: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, person_id: int, text: str, chat_id: int | None = None, chat_type: str = "private") -> int:
        """Have a person write to the bot; return the number of the update."""
        chat = {"id": chat_id or person_id, "type": chat_type}
        self.chats.add(str(chat["id"]))
        person = {"id": person_id, "is_bot": False, "first_name": "Ada"}
        return self.put({"message": {"message_id": 1, "date": 1, "from": person, "chat": chat, "text": text}})

    def block(self, person_id: int) -> int:
        """Have a person stop the bot."""
        self.blocked.add(str(person_id))
        chat = {"id": person_id, "type": "private"}
        member = {"user": {"id": 1, "is_bot": True}, "status": "kicked", "until_date": 0}
        return self.put(
            {"my_chat_member": {"chat": chat, "from": {"id": person_id}, "date": 1, "new_chat_member": member}}
        )

    def put(self, content: dict[str, Any], number: int | None = None) -> int:
        """Add an update, with a number of its own if one is given."""
        newest = max((int(each["update_id"]) for each in self.updates), default=1000 + self.polls)
        chosen = newest + 1 if number is None else number
        self.updates.append({"update_id": chosen, **content})
        self._arrived.set()
        return chosen

    def said_to(self, chat_id: int) -> list[str]:
        """Return the texts, as people see them, that the bot sent to a chat."""
        return [each.text for each in self.sent if each.chat_id == str(chat_id)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        body = orjson.loads(await request.read() or b"{}")
        match request.match_info["method"]:
            case "getMe":
                return _ok({"id": 1, "is_bot": True, "first_name": "Premium", "username": BOT_NAME})
            case "getUpdates":
                return await self._get_updates(body)
            case "setMyCommands":
                return self._set_commands(body)
            case "sendMessage":
                return self._send(body)
        return _error(404, "Not Found")

    async def _get_updates(self, body: dict[str, Any]) -> web.Response:
        if self._polling:
            return _error(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        self.polls += 1
        offset = int(body.get("offset", 0))
        self.updates = [each for each in self.updates if each["update_id"] >= offset]  # those before are confirmed
        self._polling += 1
        try:
            async with asyncio.timeout(min(float(body.get("timeout", 0)), 5.0)):
                while not self.updates:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            pass
        finally:
            self._polling -= 1
        return _ok(self.updates[:100])

    def _set_commands(self, body: dict[str, Any]) -> web.Response:
        for each in body["commands"]:
            if not _COMMAND.fullmatch(each["command"]) or not 1 <= len(each["description"]) <= 256:
                return self._refuse(400, "Bad Request: BOT_COMMAND_INVALID")
        self.commands = body["commands"]
        return _ok(True)

    def _send(self, body: dict[str, Any]) -> web.Response:
        chat_id = str(body.get("chat_id", ""))
        if self.script:
            code, description, wait = self.script.pop(0)
            if code != 200:
                return self._refuse(code, description, wait)
        if chat_id in self.blocked:
            return self._refuse(403, "Forbidden: bot was blocked by the user")
        if chat_id not in self.chats:
            return self._refuse(400, "Bad Request: chat not found")
        markup = _Markup()
        markup.feed(str(body.get("text", "")))
        markup.close()
        if body.get("parse_mode") != "HTML" or markup.problem or markup.open:
            return self._refuse(400, f"Bad Request: can't parse entities: {markup.problem}")
        if not 1 <= len(markup.text) <= 4096:
            return self._refuse(400, "Bad Request: message is too long")
        rows = (body.get("reply_markup") or {}).get("inline_keyboard", [])
        buttons = [button for row in rows for button in row]
        if any(not button["url"].startswith("https://") or "localhost" in button["url"] for button in buttons):
            return self._refuse(400, "Bad Request: BUTTON_URL_INVALID")
        self.sent.append(Sent(chat_id, markup.text, body["text"], buttons))
        return _ok({"message_id": len(self.sent), "chat": {"id": int(chat_id)}, "date": 1, "text": markup.text})

    def _refuse(self, code: int, description: str, wait: int | None = None) -> web.Response:
        self.refused.append(description)
        return _error(code, description, wait)


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(code: int, description: str, retry_after: int | None = None) -> web.Response:
    said: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if retry_after is not None:
        said["parameters"] = {"retry_after": retry_after}
    return web.json_response(said, status=code)


@asynccontextmanager
async def telegram_double() -> AsyncIterator[TelegramDouble]:
    """A running double."""
    double = TelegramDouble()
    app = web.Application()
    app.router.add_route("*", "/bot{token}/{method}", double.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        await runner.cleanup()
