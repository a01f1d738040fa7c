"""The outermost layer around API and pages: request id, log context, security headers, timing, caching."""

import re
import time
from pathlib import Path
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.auth import client_ip, is_same_site
from backend.api.content_policy import DATA_POLICY, WORKER_FILE, WORKER_POLICY, PagePolicies
from backend.api.envelope import current_request_id, error_response
from backend.core.ids import request_id
from backend.core.logging import get_logger
from backend.core.origin import Origin, coming_from
from backend.core.pace import Pace
from backend.core.settings import get_settings
from backend.core.telemetry import http_requests

log = get_logger(__name__)

_INBOUND_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_SWITCHED_OFF = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "geolocation"),
    *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking"),
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _SWITCHED_OFF),
}
HSTS = "max-age=31536000; includeSubDomains"
EVENT_SOCKET = "/_event"
SOCKET_BURST, SOCKET_MESSAGES_PER_SECOND = 500, 100.0
_CLOSED = ("_upload", "_event", "auth-codespace")
IMMUTABLE = "public, max-age=31536000, immutable"


class EdgeMiddleware:
    """Wraps the whole ASGI application (the last transformer, so the outermost)."""

    def __init__(self, app: ASGIApp, https: bool | None = None, pages: Path | None = None) -> None:
        """Wrap `app`; `pages` is where the built pages lie."""
        self.app = app
        settings = get_settings()
        self._https = settings.app_url.startswith("https://") if https is None else https
        self._policies = PagePolicies(settings, pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        this_id = _request_id(scope)
        token = current_request_id.set(this_id)
        scope.setdefault("state", {})
        try:
            with structlog.contextvars.bound_contextvars(request_id=this_id), coming_from(_origin(scope, this_id)):
                if _is_closed(scope):
                    await self._serve(scope, receive, send, this_id, _not_here)
                elif scope["type"] == "http":
                    await self._serve(scope, receive, send, this_id, self.app)
                elif not _may_open_socket(scope):
                    await _refuse_socket(receive, send)
                else:
                    await self.app(scope, _paced(scope, receive), send)
        finally:
            current_request_id.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, this_id: str, app: ASGIApp) -> None:
        started, status = time.perf_counter(), 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._decorate(MutableHeaders(scope=message), scope, status, this_id)
            await send(message)

        try:
            await app(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            route = route_label(scope)
            http_requests.labels(_method(scope), route, str(status)).observe(seconds)
            if route.startswith("/v1") or status >= 500:
                log.info(
                    "request",
                    method=_method(scope),
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )

    def _decorate(self, headers: MutableHeaders, scope: Scope, status: int, this_id: str) -> None:
        headers["X-Request-ID"] = this_id
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        # A 304 names no type, and what it says would replace the policy that the browser keeps with the page.
        if "content-security-policy" not in headers and status != 304:
            is_page = headers.get("content-type", "").startswith("text/html")
            other = WORKER_POLICY if scope["path"] == WORKER_FILE else DATA_POLICY
            headers["Content-Security-Policy"] = self._policies.of(scope["path"], status) if is_page else other
        if self._https:
            headers["Strict-Transport-Security"] = HSTS
        for name, value in scope["state"].get("extra_headers", {}).items():
            headers.setdefault(name, value)
        if "cache-control" not in headers:
            headers["Cache-Control"] = cache_rule(scope["path"], status, headers.get("content-type", ""))


def cache_rule(path: str, status: int, content_type: str) -> str:
    """Return the Cache-Control of an answer: hashed files for ever, pages checked each time, data never kept."""
    if path.startswith(("/v1/", "/_health", "/metrics", "/_event", "/_upload")):
        return "no-store"
    if path.startswith("/assets/") and status in (200, 206, 304):
        return IMMUTABLE
    if "html" in content_type or path.endswith((".html", "/sw.js", ".webmanifest", ".json")) or status >= 300:
        return "no-cache"
    return "public, max-age=3600"


def route_label(scope: Scope) -> str:
    """Return the route's template, or one word for what is not an API route, so that labels stay few."""
    path = scope.get("path", "")
    template = getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", None)
    if isinstance(template, str) and template and "{rest" not in template:
        return template
    for prefix in ("/assets/", "/_event", "/_upload", "/v1/"):
        if path.startswith(prefix):
            return f"{prefix.rstrip('/')}/*"
    return "page"


def _is_closed(scope: Scope) -> bool:
    """Return whether the address is one of Reflex's that the product does not offer: uploads, events without socket."""
    return scope["type"] == "http" and scope["path"].lower().lstrip("/").startswith(_CLOSED)


async def _not_here(scope: Scope, receive: Receive, send: Send) -> None:
    await error_response(404, "NOT_FOUND", "There is nothing at this address.")(scope, receive, send)


def _may_open_socket(scope: Scope) -> bool:
    """Return whether a socket is not the pages' own, or comes from one of our pages, as the browser says."""
    return not scope["path"].startswith(EVENT_SOCKET) or is_same_site(HTTPConnection(scope), get_settings())


def _paced(scope: Scope, receive: Receive) -> Receive:
    """Return `receive` of a socket of the pages that ends when more comes than a page could ever send."""
    if not scope["path"].startswith(EVENT_SOCKET):
        return receive
    pace = Pace(SOCKET_BURST, SOCKET_MESSAGES_PER_SECOND)

    async def receive_paced() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and not pace.take():
            log.warning("a socket sent too much", ip=client_ip(HTTPConnection(scope), get_settings()))
            return {"type": "websocket.disconnect", "code": 4429}
        return message

    return receive_paced


async def _refuse_socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4403, "reason": "The connection came from another site."})


def _method(scope: Scope) -> str:
    method = scope.get("method", "")
    return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "OTHER"


def _origin(scope: Scope, this_id: str) -> Origin:
    connection = HTTPConnection(scope)
    agent = connection.headers.get("user-agent", "")[:300]
    return Origin("api", client_ip(connection, get_settings()), agent, this_id)


def _request_id(scope: Scope) -> str:
    headers: Any = scope.get("headers", ())
    for name, value in headers:
        if name == b"x-request-id" and _INBOUND_ID.fullmatch(value):
            return value.decode()
    return request_id()
