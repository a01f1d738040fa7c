"""A push service on a real socket (RFC 8030, 8188, 8291, 8292) and a browser that opens what it keeps.

Strict as the real ones: it looks at the sender's signature and at every header before it takes a message. What is
written here shares nothing with the library that the product encrypts with.
"""

import base64
import hmac
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST_BYTES = 4096
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_VAPID = re.compile(r"vapid t=([\w-]+\.[\w-]+\.[\w-]+), ?k=([\w-]+)")


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One subscription: what the page sends to the product, and the keys that open messages."""

    endpoint: str
    sender_key: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self) -> dict[str, Any]:
        """Return it as `PushSubscription.toJSON()` does."""
        keys = {"p256dh": b64(self.public), "auth": b64(self.secret)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def open(self, body: bytes) -> dict[str, Any]:
        """Return the JSON in an aes128gcm body of one record (RFC 8291, 3.4). Fails when it is not for this browser."""
        salt, record_size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert 18 <= len(sealed) <= record_size
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        extracted = hmac.new(self.secret, shared, sha256).digest()
        ikm = hmac.new(extracted, b"WebPush: info\0" + self.public + sender + b"\x01", sha256).digest()
        prk = hmac.new(salt, ikm, sha256).digest()
        key = hmac.new(prk, b"Content-Encoding: aes128gcm\0\x01", sha256).digest()[:16]
        nonce = hmac.new(prk, b"Content-Encoding: nonce\0\x01", sha256).digest()[:12]
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert plain[-1:] == b"\x02", "the last record ends in 2"
        return orjson.loads(plain[:-1])


@dataclass
class Pushed:
    """One message as it came."""

    name: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Messages in order; `gone` subscriptions answer 410, `script` answers the next with (status, Retry-After)."""

    url: str = ""
    subscriptions: dict[str, Browser] = field(default_factory=dict)
    taken: list[Pushed] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    script: list[tuple[int, str | None]] = field(default_factory=list)

    def subscribe(self, sender_key: str) -> Browser:
        """Return a new browser's subscription, for messages of this sender only."""
        name = b64(os.urandom(12))
        self.subscriptions[name] = Browser(f"{self.url}/push/{name}", sender_key)
        return self.subscriptions[name]

    def waiting(self) -> dict[tuple[str, str], Pushed]:
        """Return what a device that was off would get: of each topic the newest."""
        return {(each.name, each.headers["Topic"]): each for each in self.taken}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer as a push service does."""
        name = request.match_info["name"]
        body = await request.read()
        if name in self.gone:
            return web.Response(status=410, text="unsubscribed")
        if name not in self.subscriptions:
            return web.Response(status=404)
        if self.script:
            status, wait = self.script.pop(0)
            if status != 201:
                return web.Response(status=status, headers={"Retry-After": wait} if wait else {})
        status, problem = self._problem(self.subscriptions[name], request, body)
        if problem:
            self.refused.append(problem)
            return web.Response(status=status, text=problem)
        self.taken.append(Pushed(name, dict(request.headers), body))
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{len(self.taken)}"})

    def _problem(self, browser: Browser, request: web.Request, body: bytes) -> tuple[int, str]:
        headers = request.headers
        if not headers.get("TTL", "").isdigit():
            return 400, "TTL is missing (RFC 8030, 5.2)"
        if headers.get("Urgency", "normal") not in ("very-low", "low", "normal", "high"):
            return 400, "no such urgency (RFC 8030, 5.3)"
        if "Topic" in headers and not _TOPIC.fullmatch(headers["Topic"]):
            return 400, "the topic has more than 32 characters, or others than base64url (RFC 8030, 5.4)"
        if headers.get("Content-Encoding") != "aes128gcm":
            return 400, "the content is not aes128gcm (RFC 8291)"
        if len(body) > MOST_BYTES:
            return 413, "more than 4096 bytes"
        return 403, self._sender_problem(browser, headers.get("Authorization", ""))

    def _sender_problem(self, browser: Browser, header: str) -> str:
        match = _VAPID.fullmatch(header)
        if match is None:
            return f"no VAPID (RFC 8292): {header[:40]}"
        token, key = match.groups()
        if key != browser.sender_key:
            return "the subscription was made for another sender"
        head, claims, signature = token.split(".")
        if orjson.loads(unb64(head)) != {"typ": "JWT", "alg": "ES256"}:
            return "no ES256"
        raw = unb64(signature)
        encoded = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(key))
        try:
            public.verify(encoded, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "the signature is wrong"
        said, now = orjson.loads(unb64(claims)), time.time()
        if said.get("aud") != self.url:
            return f"meant for another push service: {said.get('aud')}"
        if not now < said.get("exp", 0) <= now + 86_400:
            return "it is over, or lives longer than a day"
        return "" if str(said.get("sub", "")).startswith(("mailto:", "https:")) else "nobody to reach"


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """A running push service on this machine."""
    service = PushService()
    app = web.Application()
    app.router.add_post("/push/{name}", service.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()
