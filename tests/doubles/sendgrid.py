"""SendGrid's `POST /v3/mail/send` on a real socket: strict about the form of what it is sent, as the original is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

API_KEY = "SG.test-key"
_RESERVED_HEADERS = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_FIELDS = {
    "personalizations", "from", "subject", "content", "headers", "custom_args", "tracking_settings",
}  # fmt: skip


@dataclass
class SendGridDouble:
    """Mails that were taken; `script` answers the next requests with (status, Retry-After)."""

    url: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    script: list[tuple[int, str | None]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer as SendGrid does."""
        self.requests += 1
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return _errors(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.content_type != "application/json":
            return _errors(415, "Content-Type should be application/json.")
        if self.script:
            status, retry_after = self.script.pop(0)
            if status != 202:
                return _errors(status, "no", {"Retry-After": retry_after} if retry_after else {})
        body = orjson.loads(await request.read())
        if problem := problem_of(body):
            return _errors(400, problem)
        self.taken.append(body)
        return web.Response(status=202, headers={"X-Message-Id": "abc"})


def problem_of(body: dict[str, Any]) -> str | None:
    """Return what SendGrid's documentation forbids about a mail, None when it is good."""
    if set(body) - _FIELDS:
        return f"unknown fields {set(body) - _FIELDS}"
    people = body.get("personalizations") or []
    if not people or any(not person.get("to") or "@" not in person["to"][0]["email"] for person in people):
        return "The personalizations field is required and must have at least one personalization."
    if "@" not in (body.get("from") or {}).get("email", ""):
        return "The from object must be provided for every email send."
    if not body.get("subject"):
        return "The subject is required."
    kinds = [part["type"] for part in body.get("content") or []]
    if kinds != ["text/plain", "text/html"] or any(not part["value"] for part in body["content"]):
        return "The content must be text/plain, then text/html, and not empty."
    if {name.lower() for name in body.get("headers", {})} & _RESERVED_HEADERS:
        return "reserved header"
    if any(not isinstance(value, str) for value in body.get("custom_args", {}).values()):
        return "custom_args must be strings"
    return None


def _errors(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"errors": [{"message": message, "field": None}]}, status=status, headers=headers)


@asynccontextmanager
async def sendgrid_double(port: int = 0) -> AsyncIterator[SendGridDouble]:
    """A running double."""
    double = SendGridDouble()
    app = web.Application()
    app.router.add_post("/v3/mail/send", double.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        await runner.cleanup()
