"""Discord on a real socket: REST with the bot's token, incoming webhooks, rate limits; and signed interactions."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TOKEN = "discord.test.token"
APPLICATION_ID = "900000000000000001"
_NAME = re.compile(r"[-_a-z0-9]{1,32}")


@dataclass
class Posted:
    """A message that was taken, and where."""

    place: str
    content: str
    body: dict[str, Any]


@dataclass
class DiscordDouble:
    """What was posted; `script` answers the next message with (status, body, headers)."""

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)  # people and channels that take nothing
    hooks: dict[str, str] = field(default_factory=dict)
    left: int = 5
    script: list[tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    calls: int = 0
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    _nonces: dict[str, str] = field(default_factory=dict)

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    def signed(self, interaction: dict[str, Any] | bytes, at: float | None = None) -> tuple[bytes, dict[str, str]]:
        """Return the body and headers of an interaction as Discord sends it."""
        body = interaction if isinstance(interaction, bytes) else orjson.dumps(interaction)
        timestamp = str(int(time.time() if at is None else at))
        signature = self.key.sign(timestamp.encode() + body).hex()
        headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": timestamp}
        return body, {**headers, "Content-Type": "application/json"}

    async def call(self, request: web.Request) -> web.Response:
        """Answer a call of REST."""
        self.calls += 1
        path = request.path.removeprefix("/api/v10")
        body = orjson.loads(await request.read() or b"{}")
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            return self._refuse(400, 0, "the user agent does not say what it is")
        hook = re.fullmatch(r"/webhooks/(\d+)/([\w-]+)", path)
        if hook is not None:
            if self.hooks.get(hook[1]) != hook[2]:
                return self._refuse(404, 10015, "Unknown Webhook")
            return self._message(f"hook:{hook[1]}", body)
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return self._refuse(401, 0, "401: Unauthorized")
        if request.method == "PUT" and path == f"/applications/{APPLICATION_ID}/commands":
            return self._set_commands(body)
        if path == "/users/@me/channels":
            return web.json_response({"id": f"7{body['recipient_id']}", "type": 1})
        found = re.fullmatch(r"/channels/(\d+)/messages", path)
        return self._message(found[1], body) if found else self._refuse(404, 0, "404: Not Found")

    def _message(self, place: str, body: dict[str, Any]) -> web.Response:
        if self.script:
            status, said, headers = self.script.pop(0)
            if status != 200:
                self.refused.append(str(said.get("message")))
                return web.json_response(said, status=status, headers=headers)
        if place in self.closed:
            return self._refuse(403, 50007, "Cannot send messages to this user")
        if not 1 <= len(body.get("content", "")) <= 2000:
            return self._refuse(400, 50035, "Invalid Form Body")
        if body.get("allowed_mentions") != {"parse": []}:
            return self._refuse(400, 50035, "this message could call people")
        nonce = body.get("nonce")
        if nonce is not None and len(nonce) > 25:
            return self._refuse(400, 50035, "nonce: 25 or fewer")
        known = self._nonces.get(f"{place}/{nonce}") if nonce and body.get("enforce_nonce") else None
        if known is None:
            self.posted.append(Posted(place, body["content"], body))
            known = str(8_000_000_000 + len(self.posted))
            if nonce:
                self._nonces[f"{place}/{nonce}"] = known
        headers = {
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset-After": "0.300",
        }
        return web.json_response({"id": known, "channel_id": place}, headers=headers)

    def _set_commands(self, body: list[dict[str, Any]]) -> web.Response:
        for command in body:
            for each in (command, *command["options"]):
                if not _NAME.fullmatch(each["name"]) or not 1 <= len(each["description"]) <= 100:
                    return self._refuse(400, 50035, f"Invalid Form Body: {each['name']}")
            required = [each.get("required", False) for each in command["options"]]
            if required != sorted(required, reverse=True):
                return self._refuse(400, 50035, "Required options must be placed before non-required options")
        self.commands = body
        return web.json_response([{**command, "id": "1"} for command in body])

    def _refuse(self, status: int, code: int, message: str) -> web.Response:
        self.refused.append(message)
        return web.json_response({"code": code, "message": message}, status=status)


def interaction(name: str, number: int, user_id: str = "4400000001", **options: Any) -> dict[str, Any]:
    """Return a command that somebody used in a server's channel 5500000001."""
    kinds = {bool: 5, str: 3}
    return {
        "version": 1,
        "type": 2,
        "id": str(number),
        "application_id": APPLICATION_ID,
        "token": "interaction-token",
        "guild_id": "6600000001",
        "channel_id": "5500000001",
        "member": {"user": {"id": user_id, "username": "ada"}, "permissions": "2048"},
        "data": {
            "id": "1",
            "name": name,
            "type": 1,
            "options": [{"name": key, "type": kinds[type(value)], "value": value} for key, value in options.items()],
        },
    }


@asynccontextmanager
async def discord_double() -> AsyncIterator[DiscordDouble]:
    """A running double."""
    double = DiscordDouble()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.call)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    try:
        yield double
    finally:
        await runner.cleanup()
