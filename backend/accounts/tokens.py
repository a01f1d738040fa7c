"""Access tokens: JSON Web Tokens (RFC 7519) signed with HS256, valid for fifteen minutes."""

from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from backend.accounts.schemas import CurrentUser
from backend.core.clock import now_seconds
from backend.core.errors import UnauthorizedError
from backend.core.keys import derived_key
from backend.core.settings import Settings, get_settings

ALGORITHM = "HS256"
ISSUER = "premium"
AUDIENCE = "premium-api"
LIFETIME_SECONDS = 900
MAX_TOKEN_LENGTH = 4096
TIERS = ("free", "starter", "pro", "enterprise")


def _key(settings: Settings | None) -> OctKey:
    return OctKey.import_key(derived_key((settings or get_settings()).secret_key, "access-token"))


def issue_access_token(user: CurrentUser, settings: Settings | None = None) -> str:
    """Return a signed token that proves `user` for LIFETIME_SECONDS from now."""
    now = int(now_seconds())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user.id),
        "email": user.email,
        "tier": user.tier,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    return jwt.encode({"alg": ALGORITHM}, claims, _key(settings), algorithms=[ALGORITHM])


def read_access_token(token: str, settings: Settings | None = None) -> tuple[CurrentUser, int]:
    """Return the user a token proves and when it expires (Unix seconds).

    The algorithm is pinned: what the token's header asks for is never followed. Raises UnauthorizedError on anything
    but a token of ours that is valid now.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise UnauthorizedError("The access token is not valid. Sign in again.")
    try:
        claims = jwt.decode(token, _key(settings), algorithms=[ALGORITHM]).claims
        jwt.JWTClaimsRegistry(
            now=int(now_seconds()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
            tier={"essential": True, "values": list(TIERS)},
        ).validate(claims)
        if claims["exp"] - claims["iat"] > LIFETIME_SECONDS:
            raise ValueError("lives too long")
        return CurrentUser(id=UUID(claims["sub"]), email=str(claims["email"]), tier=claims["tier"]), int(claims["exp"])
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnauthorizedError("The access token is not valid or has expired. Sign in again.") from None


def user_of_access_token(token: str, settings: Settings | None = None) -> CurrentUser:
    """Return the user that a valid access token proves. Raises UnauthorizedError."""
    return read_access_token(token, settings)[0]
