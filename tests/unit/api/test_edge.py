"""The small decisions around every request: caching, route labels, client addresses, origins, field paths."""

import asyncio
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from backend.api.auth import client_ip, is_same_site
from backend.api.failures import field_messages
from backend.api.intake import UnusableError, check_json
from backend.api.middleware import EdgeMiddleware, cache_rule, route_label
from backend.core.settings import Settings


def connection(peer: str = "10.0.0.9", scheme: str = "http", **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection(
        {"type": "http", "scheme": scheme, "path": "/", "headers": raw, "client": (peer, 1), "method": "POST"}
    )


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)


@pytest.mark.parametrize(
    ("path", "status", "content_type", "rule"),
    [
        ("/assets/index-a1b2.js", 200, "text/javascript", "public, max-age=31536000, immutable"),
        ("/assets/index-a1b2.js", 304, "", "public, max-age=31536000, immutable"),
        ("/assets/missing.js", 404, "text/html", "no-cache"),
        ("/", 200, "text/html; charset=utf-8", "no-cache"),
        ("/alerts/", 200, "text/html", "no-cache"),
        ("/sw.js", 200, "text/javascript", "no-cache"),
        ("/manifest.webmanifest", 200, "application/manifest+json", "no-cache"),
        ("/openapi.json", 200, "application/json", "no-cache"),
        ("/tokens.css", 200, "text/css", "public, max-age=3600"),
        ("/v1/alerts/rules", 200, "application/json", "no-store"),
        ("/_health", 200, "application/json", "no-store"),
        ("/old", 307, "", "no-cache"),
    ],
)
def test_what_may_be_kept_and_how_long(path: str, status: int, content_type: str, rule: str) -> None:
    assert cache_rule(path, status, content_type) == rule


def test_labels_are_few_whatever_is_asked_for() -> None:
    assert route_label({"path": "/v1/../../x"}) == "/v1/*"
    assert route_label({"path": "/assets/a.js"}) == "/assets/*"
    assert route_label({"path": "/whatever/1234"}) == "page"
    assert route_label({"path": "/_event/"}) == "/_event/*"


def test_forwarded_addresses_count_only_behind_as_many_trusted_proxies() -> None:
    spoofed = connection(x_forwarded_for="1.1.1.1, 2.2.2.2, 3.3.3.3")
    assert client_ip(spoofed, settings()) == "10.0.0.9"
    assert client_ip(spoofed, settings(trusted_proxy_hops=1)) == "3.3.3.3"
    assert client_ip(spoofed, settings(trusted_proxy_hops=2)) == "2.2.2.2"
    assert client_ip(spoofed, settings(trusted_proxy_hops=9)) == "10.0.0.9"
    assert client_ip(connection(), settings(trusted_proxy_hops=1)) == "10.0.0.9"


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"origin": "http://localhost:8000"}, True),
        ({"origin": "http://app.example:8080", "host": "app.example:8080"}, True),
        ({"origin": "https://app.example", "host": "app.example"}, True),  # TLS ends at a proxy before us
        ({"origin": "http://app.example:9999", "host": "app.example:8080"}, False),
        ({"origin": "https://partner.example"}, True),  # configured
        ({"origin": "https://evil.example", "host": "app.example"}, False),
        ({"origin": "https://app.example.evil.example", "host": "app.example"}, False),
        ({"origin": "null", "host": "null"}, False),
        ({"origin": "", "host": ""}, False),
        ({"host": "app.example"}, False),
        ({"referer": "http://localhost:8000/alerts/?x=1"}, True),
        ({"referer": "https://evil.example/http://localhost:8000/"}, False),
        ({"origin": "https://evil.example", "referer": "http://localhost:8000/"}, False),
        ({"origin": "http://[::1", "host": "[::1"}, False),
        ({"origin": "http://localhost:99999"}, False),
    ],
)
def test_which_pages_are_ours(headers: dict[str, str], same: bool) -> None:
    ours = settings(cors_origins=["https://partner.example"])
    assert is_same_site(connection(**headers), ours) is same


def test_field_paths_read_like_code_and_repeat_no_value() -> None:
    errors = [
        {
            "loc": ("body", "conditions", 0, "value"),
            "msg": "Value error, Choose a number.",
            "input": "secret",
            "type": "x",
        },
        {"loc": ("query", "pageSize"), "msg": "too large", "type": "x"},
        {"loc": ("body", 17), "msg": "JSON decode error", "type": "json_invalid"},
        {"loc": (), "msg": "odd", "type": "x"},
    ]
    assert field_messages(errors) == {
        "conditions[0].value": "Choose a number.",
        "pageSize": "too large",
        "body": "JSON decode error",
    }
    assert len(field_messages([{"loc": ("body", f"f{n}"), "msg": "m", "type": "x"} for n in range(500)])) == 50


@pytest.mark.parametrize("value", ["\x00", "\ud800", float("nan"), float("inf"), {"\x00": 1}, [["a", {"b": "\udfff"}]]])
def test_what_no_store_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(UnusableError):
        check_json(value)


def headers_of(status: int = 200, https: bool = False) -> dict[bytes, bytes]:
    """The headers that an answer without any gets."""
    sent: list[Any] = []

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(EdgeMiddleware(answer, https=https)(scope, send, send))
    return dict(sent[0]["headers"])


def test_strict_transport_security_only_over_https() -> None:
    assert headers_of(https=True)[b"strict-transport-security"].startswith(b"max-age=31536000")
    assert b"strict-transport-security" not in headers_of()


def test_a_page_that_has_not_changed_keeps_its_policy() -> None:
    """A browser takes the headers of a 304 over into the page that it has kept."""
    assert b"content-security-policy" in headers_of()
    assert b"content-security-policy" not in headers_of(status=304)
