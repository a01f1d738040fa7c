"""Access tokens: JSON Web Tokens (RFC 7519) signed with ES256, valid for fifteen minutes and while their session is."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode

from backend.accounts.schemas import CurrentUser
from backend.accounts.signing_keys.service import ALGORITHM
from backend.core.clock import now_seconds
from backend.core.errors import UnauthorizedError

ISSUER = "premium"
AUDIENCE = "premium-api"
TYPE = "at+jwt"  # RFC 9068: no other kind of token can stand in for an access token
LIFETIME_SECONDS = 900
MAX_TOKEN_LENGTH = 4096
TIERS = ("free", "starter", "pro", "enterprise")
_REFUSED = "The access token is not valid or has expired. Sign in again."


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid token says: of whom, of which session of theirs, and until when (Unix seconds)."""

    user_id: UUID
    session_id: UUID
    expires_at: int


def issue_access_token(user: CurrentUser, session_id: UUID, key: ECKey) -> str:
    """Return a token that proves `user` for LIFETIME_SECONDS from now, while the session lives."""
    now = int(now_seconds())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user.id),
        "sid": str(session_id),
        "jti": str(uuid4()),
        "email": user.email,
        "tier": user.tier,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def key_id_of(token: str) -> str:
    """Return which key a token claims to be signed with; nothing of it is believed yet. Raises UnauthorizedError."""
    try:
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError("too long")
        header = orjson.loads(urlsafe_b64decode(token.split(".", 1)[0].encode("ascii")))
        if header["alg"] != ALGORITHM or header["typ"] != TYPE or not isinstance(header["kid"], str):
            raise ValueError("not one of ours")
        return header["kid"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UnauthorizedError(_REFUSED) from None


def read_access_token(token: str, key: ECKey) -> AccessClaims:
    """Return what a token says. The algorithm is pinned: what the token's header asks for is never followed.

    Raises UnauthorizedError on anything but a token of ours, signed with this key, that is valid now.
    """
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        jwt.JWTClaimsRegistry(
            now=int(now_seconds()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            sid={"essential": True},
            jti={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
            tier={"essential": True, "values": list(TIERS)},
        ).validate(claims)
        if claims["exp"] - claims["iat"] > LIFETIME_SECONDS:
            raise ValueError("lives too long")
        return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), int(claims["exp"]))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnauthorizedError(_REFUSED) from None
