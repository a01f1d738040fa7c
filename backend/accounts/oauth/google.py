"""OpenID Connect as Google speaks it: discovery, authorization code with PKCE, a validated id_token."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from backend.accounts.linked.schemas import ProvenIdentity
from backend.accounts.oauth.errors import OAuthFailedError, ProviderDownError
from backend.accounts.oauth.http import OAuthClient, calling, oauth_client, read_json
from backend.accounts.oauth.providers import ProviderConfig
from backend.accounts.oauth.trips import Trip
from backend.core.clock import now_seconds

_SCOPE = "openid email"
_ALGORITHMS = ["RS256"]  # what Google signs with; what the token's header asks for is never followed
_KEPT_SECONDS = 3600.0
_KEYS_AGAIN_SECONDS = 60.0
_LEEWAY_SECONDS = 60


@dataclass(slots=True)
class _Metadata:
    """What discovery said, and the keys; `taken_at` and `keys_at` are Unix seconds."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    taken_at: float
    keys: KeySet | None = None
    keys_at: float = 0.0


_known: dict[str, _Metadata] = {}


async def authorization_url(config: ProviderConfig, issuer: str, trip: Trip, state: str) -> str:
    """Return where to send the browser. Raises ProviderDownError when the provider cannot be asked for it."""
    metadata = _remembered(issuer)
    if metadata is None:
        async with calling(config, _SCOPE) as client:
            metadata = await _discover(client, issuer)
    async with oauth_client(config, _SCOPE) as client:
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint, state=state, code_verifier=trip.verifier, nonce=trip.nonce
        )
    return url


async def identity_of_code(config: ProviderConfig, issuer: str, trip: Trip, code: str) -> ProvenIdentity:
    """Return whose code this is, after exchanging it and validating the id_token.

    Raises OAuthFailedError when anything does not fit, ProviderDownError.
    """
    async with calling(config, _SCOPE) as client:
        metadata = await _discover(client, issuer)
        token = await client.fetch_token(metadata.token_endpoint, code=code, code_verifier=trip.verifier)
        id_token = token.get("id_token")
        if not isinstance(id_token, str) or len(id_token) > 16_384:
            raise OAuthFailedError("failed", "the provider sent no id_token")
        claims, header = await _decode(client, metadata, id_token)
    return _identity(config, metadata, trip, claims, header, token)


def _remembered(issuer: str) -> _Metadata | None:
    known = _known.get(issuer)
    return known if known is not None and now_seconds() - known.taken_at < _KEPT_SECONDS else None


async def _discover(client: OAuthClient, issuer: str) -> _Metadata:
    if known := _remembered(issuer):
        return known
    said = await read_json(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration", withhold_token=True)
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        raise ProviderDownError("its configuration names another issuer")
    endpoints = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    secure = urlsplit(issuer).scheme
    if not all(isinstance(url, str) and urlsplit(url).scheme in (secure, "https") for url in endpoints):
        raise ProviderDownError("its configuration names no usable addresses")
    metadata = _Metadata(issuer, *map(str, endpoints), taken_at=now_seconds())
    _known[issuer] = metadata
    return metadata


async def _keys(client: OAuthClient, metadata: _Metadata, kid: str | None) -> KeySet:
    """Return the provider's keys; read again when old, or when the wanted one is not there (keys rotate)."""
    age = now_seconds() - metadata.keys_at
    has_it = metadata.keys is not None and any(key.kid == kid for key in metadata.keys.keys)
    if metadata.keys is None or age > _KEPT_SECONDS or (not has_it and age > _KEYS_AGAIN_SECONDS):
        said = await read_json(client, metadata.jwks_uri, withhold_token=True)
        metadata.keys, metadata.keys_at = KeySet.import_key_set(said), now_seconds()
    return metadata.keys


async def _decode(client: OAuthClient, metadata: _Metadata, id_token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        kid = jws.extract_compact(id_token.encode()).headers().get("kid")
        keys = await _keys(client, metadata, kid if isinstance(kid, str) else None)
        registry = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        token = jwt.decode(id_token, keys, algorithms=_ALGORITHMS, registry=registry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise OAuthFailedError("failed", "the provider's id_token is not valid") from error
    return token.claims, token.header


def _identity(
    config: ProviderConfig,
    metadata: _Metadata,
    trip: Trip,
    claims: dict[str, Any],
    header: dict[str, Any],
    token: dict[str, Any],
) -> ProvenIdentity:
    issuers = [metadata.issuer]
    if metadata.issuer == "https://accounts.google.com":
        issuers.append("accounts.google.com")  # Google documents both spellings
    try:
        validated = CodeIDToken(
            claims,
            header,
            {
                "iss": {"essential": True, "values": issuers},
                "aud": {"essential": True, "value": config.client_id},
                "sub": {"essential": True},
            },
            {"nonce": trip.nonce, "client_id": config.client_id, "access_token": token.get("access_token")},
        )
        validated.validate(now=int(now_seconds()), leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise OAuthFailedError("failed", "the provider's id_token does not belong to this sign-in") from error
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise OAuthFailedError("failed", "the provider named nobody")
    if claims.get("email_verified") is not True or not isinstance(email, str) or "@" not in email or len(email) > 254:
        raise OAuthFailedError("email_unverified", "the provider has not verified the e-mail address")
    return ProvenIdentity("google", subject, email.strip().lower())


def forget_discovery() -> None:
    """Ask providers for their configuration again (tests only)."""
    _known.clear()
