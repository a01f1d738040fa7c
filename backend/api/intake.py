"""What no route may have to deal with: bodies too large or too deep, text no store can hold, numbers that are none.

Works on `/v1` before routing: the body is read once (it is small by rule), checked, and handed on. Files come to a few
addresses only (UPLOADS), as a form, and are handed on as they come, up to a size: who sends them is asked first.
"""

import json
import math
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.envelope import error_response

MAX_BODY_BYTES = 256 * 1024
DRAINED_BYTES = 16 * MAX_BODY_BYTES
MAX_DEPTH = 20
# Addresses that take a file, and how much may come: the largest file and what a form has around it.
UPLOADS = {"/v1/tax/transactions/import": 31 * 1024 * 1024, "/v1/tax/forms": 5 * 1024 * 1024 // 4}
_HEX_NUL = b"\x00"


class UnusableError(ValueError):
    """Says in one sentence why the input cannot be used."""


def check_json(value: Any, depth: int = 0) -> None:
    """Raise UnusableError when decoded JSON holds what PostgreSQL or arithmetic cannot."""
    if depth > MAX_DEPTH:
        raise UnusableError(f"is nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise UnusableError("holds a number that is not finite")
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key)
            check_json(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_json(item, depth + 1)


def check_text(value: str) -> None:
    """Raise UnusableError on NUL characters and lone surrogates."""
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise UnusableError("holds characters that are not text")


class IntakeMiddleware:
    """Refuses unusable requests to `/v1` with an envelope; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        body: list[Message] = []
        try:
            _check_address(scope)
            if most := _upload_limit(scope):
                await self._stream(scope, receive, send, most)
                return
            if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                content = await _read(scope, receive)
                if content is None:
                    response = error_response(413, "PAYLOAD_TOO_LARGE", "The request is too large.")
                    await response(scope, receive, send)
                    return
                body.append({"type": "http.request", "body": content, "more_body": False})
                _check_body(scope, content)
        except UnusableError as error:
            response = error_response(422, "INVALID_INPUT", "Some values cannot be accepted.", {"body": str(error)})
            await response(scope, receive, send)
            return

        async def replay() -> Message:
            return body.pop() if body else await receive()

        await self.app(scope, replay, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Hand a file on as it comes; more than `most` bytes are refused."""
        if (length := _length(scope)) is not None and length > most:
            await _drain(receive, 2 * most)
            await error_response(413, "PAYLOAD_TOO_LARGE", "The file is too large.")(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def _upload_limit(scope: Scope) -> int:
    """Return how many bytes of a file this request may send, 0 when it sends none."""
    content_type = dict(scope["headers"]).get(b"content-type", b"").lower()
    is_form = scope["method"] == "POST" and content_type.startswith(b"multipart/form-data")
    return UPLOADS.get(scope["path"], 0) if is_form else 0


def _length(scope: Scope) -> int | None:
    """Return how long the body is said to be; None when nothing usable is said."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() and len(said) <= 15 else None


async def _drain(receive: Receive, most: int) -> None:
    """Read a body that nobody wants for a while, so that the client hears our answer and not a broken line."""
    seen, more = 0, True
    while more and seen <= most:
        message = await receive()
        seen += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)


def _check_address(scope: Scope) -> None:
    query = scope.get("query_string", b"")
    if "\x00" in scope["path"] or _HEX_NUL in unquote_to_bytes(query):
        raise UnusableError("the address holds characters that are not text")
    if len(query) > 8_192:
        raise UnusableError("the query is too long")


def _check_body(scope: Scope, content: bytes) -> None:
    content_type = dict(scope["headers"]).get(b"content-type", b"").lower()
    if not content or b"json" not in content_type:
        return
    try:
        check_json(json.loads(content))
    except UnusableError:
        raise
    except RecursionError:
        raise UnusableError(f"is nested more than {MAX_DEPTH} deep") from None
    except ValueError:
        raise UnusableError("is not valid JSON") from None


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """Return the body, or None when it is larger than MAX_BODY_BYTES."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or len(value) > 9 or int(value) > DRAINED_BYTES):
            return None
    content, seen = bytearray(), 0
    while True:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen <= MAX_BODY_BYTES:
                content += message.get("body", b"")
        # What is too large is still read for a while, so that the client hears our answer and not a broken line.
        if not more or seen > DRAINED_BYTES:
            return bytes(content) if seen <= MAX_BODY_BYTES else None
