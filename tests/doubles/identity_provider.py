"""An identity provider on a real socket: OpenID Connect as Google speaks it, OAuth 2.0 and the REST API as GitHub does.

It checks what the real ones check (client, redirect address, PKCE, codes used once) and can be told to misbehave.
"""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID = "premium-client"
CLIENT_SECRET = "premium-client-secret"
_KEY = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"})
_FORGED = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"})


@dataclass
class Person:
    """Who is signed in at the provider."""

    subject: str = "1001"
    email: str = "alice@example.com"
    verified: bool = True


@dataclass
class Grant:
    """What a code stands for."""

    redirect_uri: str
    challenge: str
    nonce: str
    person: Person


@dataclass
class IdentityProvider:
    """The provider and its moods.

    `claims`: claims of the id_token to be otherwise (None: missing); `header`: the same of its header; `signing`:
    `proper`, `forged` (another key under the same kid), `none`, or `hmac` (the client's secret as key); `mood`: `well`,
    `refusing` (says no), `down` (500), `garbage`, `stalling`, `endless`, `redirecting`, each from `mood_at` on.
    """

    url: str = ""
    person: Person = field(default_factory=Person)
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    emails: Any = None
    signing: str = "proper"
    mood: str = "well"
    mood_at: str = "/"
    key: RSAKey = field(default_factory=lambda: _KEY)
    grants: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Person] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def settings(self) -> dict[str, str]:
        """Return the settings that make a product use this provider, both ways."""
        return {
            "google_client_id": CLIENT_ID,
            "google_client_secret": CLIENT_SECRET,
            "google_issuer": self.url,
            "github_client_id": CLIENT_ID,
            "github_client_secret": CLIENT_SECRET,
            "github_url": self.url,
            "github_api_url": f"{self.url}/api",
        }

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(each == path for each, _ in self.asked)

    @web.middleware
    async def behave(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Answer, or misbehave as told."""
        sent = {**request.query, **(await request.post() if request.method == "POST" else {})}
        self.asked.append((request.path, {name: str(value) for name, value in sent.items()}))
        if not request.path.startswith(self.mood_at):
            return await handler(request)
        match self.mood:
            case "down":
                return web.Response(status=500, text="down")
            case "garbage":
                return web.Response(text="<html>not what you asked for</html>", content_type="application/json")
            case "list":
                return web.json_response(["not", "an", "object"])
            case "stalling":
                await asyncio.sleep(3600)
            case "redirecting":
                return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest"})
            case "endless":
                response = web.StreamResponse(headers={"Content-Type": "application/json"})
                await response.prepare(request)
                while True:
                    await response.write(b" " * 65536)
        return await handler(request)

    # --- OpenID Connect

    async def configuration(self, _request: web.Request) -> web.Response:
        """Discovery."""
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/o/oauth2/v2/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }
        return web.json_response({**said, **self.discovery})

    async def certs(self, _request: web.Request) -> web.Response:
        """The public keys."""
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: web.Request) -> web.Response:
        """The page where the person agrees: this one agrees at once, or refuses."""
        query = request.query
        is_google = request.path.startswith("/o/")
        wanted = {"client_id": CLIENT_ID, "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if query.get(name) != value]
        wrong += [name for name in ("state", "code_challenge", "redirect_uri") if not query.get(name)]
        if is_google and ("openid" not in query.get("scope", "").split() or not query.get("nonce")):
            wrong.append("scope or nonce")
        if not query.get("redirect_uri", "").endswith("/callback"):
            wrong.append("redirect_uri")
        if wrong:
            return web.Response(status=400, text=f"invalid_request: {wrong}")
        answer = {"state": query["state"]}
        if self.mood == "refusing":
            answer |= {"error": "access_denied"}
        else:
            code = secrets.token_urlsafe(16)
            self.grants[code] = Grant(
                query["redirect_uri"], query["code_challenge"], query.get("nonce", ""), self.person
            )
            answer |= {"code": code}
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(answer)}"})

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code, once, for whoever knows the client's secret and the verifier."""
        problem, grant = await self._exchange(request)
        if grant is None:
            return web.json_response({"error": problem}, status=401 if problem == "invalid_client" else 400)
        access_token = secrets.token_urlsafe(16)
        answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": 3599, "scope": "openid email"}
        id_token = self._id_token(grant, access_token)
        return web.json_response({**answer, **({"id_token": id_token} if id_token else {})})

    async def _exchange(self, request: web.Request) -> tuple[str, Grant | None]:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return "invalid_client", None
        grant = self.grants.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            form.get("grant_type") != "authorization_code"
            or grant is None
            or form.get("redirect_uri") != grant.redirect_uri
            or challenge != grant.challenge
        ):
            return "invalid_grant", None
        return "", grant

    def _id_token(self, grant: Grant, access_token: str) -> str:
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": grant.person.subject,
            "email": grant.person.email,
            "email_verified": grant.person.verified,
            "nonce": grant.nonce,
            "iat": now,
            "exp": now + 3600,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        match self.signing:
            case "missing":
                return ""
            case "none":
                parts = ({"alg": "none", "kid": "key-1"}, claims)
                return ".".join(_encoded(part) for part in parts) + "."
            case "hmac":
                key = OctKey.import_key(CLIENT_SECRET)
                return jwt.encode({"alg": "HS256", "kid": "key-1"}, claims, key, algorithms=["HS256"])
            case "forged":
                return jwt.encode({"alg": "RS256", "kid": "key-1"}, claims, _FORGED)
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    # --- GitHub

    async def github_token(self, request: web.Request) -> web.Response:
        """As GitHub does it: errors come with status 200."""
        problem, grant = await self._exchange(request)
        if grant is None:
            named = "bad_verification_code" if problem == "invalid_grant" else "incorrect_client_credentials"
            return web.json_response({"error": named, "error_description": "…"})
        access_token = "gho_" + secrets.token_urlsafe(16)
        self.tokens[access_token] = grant.person
        answer = {"access_token": access_token, "scope": "read:user,user:email", "token_type": "bearer"}
        return web.json_response(answer)

    async def github_user(self, request: web.Request) -> web.Response:
        """Who the token is of."""
        person = self._bearer(request)
        if person is None:
            return web.json_response({"message": "Bad credentials"}, status=401)
        return web.json_response({"login": "alice", "id": int(person.subject), "email": None})

    async def github_emails(self, request: web.Request) -> web.Response:
        """Their addresses."""
        person = self._bearer(request)
        if person is None:
            return web.json_response({"message": "Bad credentials"}, status=401)
        mine = {"email": person.email, "primary": True, "verified": person.verified, "visibility": "private"}
        other = {"email": "other@example.com", "primary": False, "verified": True, "visibility": None}
        return web.json_response([other, mine] if self.emails is None else self.emails)

    def _bearer(self, request: web.Request) -> Person | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.tokens.get(token) if scheme.lower() == "bearer" else None


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@asynccontextmanager
async def identity_provider() -> AsyncIterator[IdentityProvider]:
    """Yield a provider that listens on 127.0.0.1."""
    provider = IdentityProvider()
    app = web.Application(middlewares=[provider.behave])
    app.router.add_get("/.well-known/openid-configuration", provider.configuration)
    app.router.add_get("/oauth2/v3/certs", provider.certs)
    app.router.add_get("/o/oauth2/v2/auth", provider.authorize)
    app.router.add_post("/token", provider.token)
    app.router.add_get("/login/oauth/authorize", provider.authorize)
    app.router.add_post("/login/oauth/access_token", provider.github_token)
    app.router.add_get("/api/user", provider.github_user)
    app.router.add_get("/api/user/emails", provider.github_emails)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
