"""The door of the API: who asks, with which key, has this been answered before; then the endpoint, then its JSON."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backend.core.clock import now_seconds
from backend.core.logging import get_logger
from backend.test_payments.account import Account
from backend.test_payments.api import catalogue, customers, events, expansion, pages, subscriptions
from backend.test_payments.book.book import API_VERSION, new_object_id, public
from backend.test_payments.faults import Faults
from backend.test_payments.repository import StoredAnswer
from backend.test_payments.wire.errors import StripeError
from backend.test_payments.wire.forms import decode_form

log = get_logger(__name__)
ENDPOINTS = [each for module in (customers, catalogue, subscriptions, pages, events) for each in module.ENDPOINTS]
MOST_BODY_BYTES = 1_000_000
KEPT_LOG = 2_000


@dataclass
class Gateway:
    """Answers `/v1/...`; `log` holds the newest requests with their answers, for comparisons."""

    account: Account
    faults: Faults
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_LOG))
    _in_flight: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        """Return the answer to one request, errors included."""
        request_id = new_object_id("req")
        raw = await request.body()
        sent = raw.decode("utf-8", "replace") if raw else request.url.query
        headers: dict[str, str] = {}
        try:
            if len(raw) > MOST_BODY_BYTES:
                raise StripeError("The request is too large.", status=413)
            check_key(request, self.account.config.secret_key)
            await self.faults.before(request.method, request.url.path)
            status, body = await self._carry_out(request, sent, request_id, headers)
        except StripeError as error:
            status, body = error.status, json.dumps(error.body(request_id), indent=2)
        except Exception:
            log.exception("request failed", path=request.url.path)
            error = StripeError("Sorry! There was an error while talking to Stripe.", status=500, kind="api_error")
            status, body = 500, json.dumps(error.body(request_id), indent=2)
        version = request.headers.get("Stripe-Version", API_VERSION)
        headers |= {"Request-Id": request_id, "Stripe-Version": version}
        if request.method == "POST" and "Idempotency-Key" in request.headers:
            headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
        self._note(request, sent, status, body)
        if self.faults.loses(request.method, request.url.path):
            return StreamingResponse(_cut_off(), status, headers, "application/json")
        return Response(body, status, headers, "application/json")

    async def _carry_out(
        self, request: Request, sent: str, request_id: str, headers: dict[str, str]
    ) -> tuple[int, str]:
        """Return status and body, from the store when the same key was used before."""
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if key is None:
            return self._run(request, sent, request_id, None, "")
        if len(key) > 255:
            raise StripeError("Idempotency keys can be at most 255 characters.", kind="idempotency_error")
        fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n{sent}".encode()).hexdigest()
        stored = self.account.records.answer_to(key)
        if stored is not None:
            if stored.fingerprint != fingerprint:
                raise StripeError(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                    f" Try using a key other than '{key}' if you meant to execute a different request.",
                    kind="idempotency_error",
                )
            headers |= {"Idempotent-Replayed": "true", "Original-Request": stored.request_id}
            return stored.status, stored.body
        if key in self._in_flight:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key (that probably means you"
                f" submitted twice, and the other request is still going through): {key}.",
                status=409,
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        self._in_flight.add(key)
        try:
            await asyncio.sleep(self.faults.work_seconds(request.method, request.url.path))
            return self._run(request, sent, request_id, key, fingerprint)
        finally:
            self._in_flight.discard(key)

    def _run(self, request: Request, sent: str, request_id: str, key: str | None, fingerprint: str) -> tuple[int, str]:
        """Find the endpoint and carry it out, together with what is kept for its idempotency key.

        Raises StripeError when nothing was done.
        """
        path = request.url.path
        found = [(each, match) for each in ENDPOINTS if (match := each.pattern.match(path))]
        chosen = next(((each, match) for each, match in found if each.method == request.method), None)
        if chosen is None:
            raise StripeError(
                f"Unrecognized request URL ({request.method}: {path}). Test payments answer what this product uses.",
                status=404,
            )
        endpoint, match = chosen
        given = endpoint.shape.read(decode_form(sent))
        status = 200
        with self.account.book(request_id, key, reads=request.method == "GET") as book:
            try:
                result = public(endpoint.work(book, match.groupdict(), given))
                body = json.dumps(expansion.expand(book, result, given.get("expand", [])), indent=2)
            except StripeError as error:
                if not error.keeps:
                    raise
                status, body = error.status, json.dumps(error.body(request_id), indent=2)
            if key is not None:
                answer = StoredAnswer(fingerprint, status, body, request_id)
                self.account.records.keep_answer(key, answer, int(now_seconds()))
        return status, body

    def _note(self, request: Request, sent: str, status: int, body: str) -> None:
        self.log.append(
            {
                "method": request.method,
                "path": request.url.path,
                "sent": sent,
                "status": status,
                "body": json.loads(body),
            }
        )


async def _cut_off() -> AsyncIterator[bytes]:
    """Break the connection in the middle of an answer."""
    yield b"{"
    raise ConnectionAbortedError("the answer is lost on purpose")


def check_key(request: Request, secret_key: str) -> None:
    """Raise StripeError (401) unless the request carries our secret key, as Bearer token or Basic user."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    given = value.strip()
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except ValueError:
            given = ""
    if not given or scheme.lower() not in ("bearer", "basic"):
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using"
            " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not hmac.compare_digest(given.encode(), secret_key.encode()):
        shown = f"{given[:8]}{'*' * 8}{given[-4:]}" if len(given) > 16 else "*" * 8
        raise StripeError(f"Invalid API Key provided: {shown}", status=401)
