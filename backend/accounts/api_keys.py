"""API keys (Enterprise): random secrets for programs, shown once, of which only a hash is kept.

A secret has 256 random bits, so its plain SHA-256 can be searched for by nobody and by index.
"""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import api_keys_repository as repository
from backend.accounts.api_keys_schemas import (
    KEY_MARK,
    MOST_GRACE_HOURS,
    MOST_KEYS,
    ApiKeyCreate,
    ApiKeyList,
    ApiKeyRead,
    ApiKeySecret,
    LiveKey,
    Scope,
)
from backend.accounts.entitlements import Cap, Feature, cap, require
from backend.accounts.requirements import requires
from backend.accounts.schemas import CurrentUser
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ForbiddenError, InvalidInputError, NotFoundError, TierLimitError, UnauthorizedError
from backend.core.ids import new_id, new_token

__all__ = [
    "KEY_MARK",
    "MOST_GRACE_HOURS",
    "MOST_KEYS",
    "ApiKeyCreate",
    "ApiKeyList",
    "ApiKeyRead",
    "ApiKeySecret",
    "LiveKey",
    "Scope",
    "check_scope",
    "create_key",
    "list_keys",
    "prove_key",
    "revoke_key",
    "rotate_key",
]

_SHOWN_CHARACTERS = len(KEY_MARK) + 6
_MAX_LENGTH = 100
_USE_NOTED_EVERY = timedelta(minutes=1)


@requires(Feature.API_KEYS)
async def create_key(session: AsyncSession, user: CurrentUser, data: ApiKeyCreate) -> ApiKeySecret:
    """Make a key and return it with its secret, for the only time.

    Raises TierLimitError when the plan has no keys or the user has MOST_KEYS already, InvalidInputError when the key
    would be allowed more than the plan.
    """
    most = cap(user.tier, Cap.API_REQUESTS_PER_MINUTE)
    if data.requests_per_minute and most is not None and data.requests_per_minute > most:
        raise InvalidInputError(
            "The key's limit is above your plan's.", {"requestsPerMinute": f"Choose at most {most:,}."}
        )
    await repository.lock_keys(session, user.id)
    if len(await repository.list_keys(session, user.id)) >= MOST_KEYS:
        raise TierLimitError(
            f"There is room for {MOST_KEYS} keys. Revoke one that is no longer used.", {"limit": MOST_KEYS}
        )
    secret, now = KEY_MARK + new_token(), utc_now()
    row = await repository.insert_key(
        session,
        {
            "id": new_id(),
            "user_id": user.id,
            "name": data.name,
            "prefix": secret[:_SHOWN_CHARACTERS],
            "secret_hash": _hash(secret),
            "scopes": sorted(set(data.scopes)),
            "requests_per_minute": data.requests_per_minute,
            "created_at": now,
            "expires_at": now + timedelta(days=data.expires_in_days) if data.expires_in_days else None,
        },
    )
    key = ApiKeySecret.model_validate({**row, "secret": secret})
    details = {"name": key.name, "scopes": key.scopes, "expiresAt": key.expires_at}
    await audit(session, user.id, "api_key.created", str(key.id), details)
    return key


async def list_keys(session: AsyncSession, user: CurrentUser) -> list[ApiKeyRead]:
    """Return the user's keys that are not revoked, newest first; expired ones too."""
    return [ApiKeyRead.model_validate(dict(row)) for row in await repository.list_keys(session, user.id)]


@requires(Feature.API_KEYS)
async def rotate_key(session: AsyncSession, user: CurrentUser, key_id: UUID, grace_hours: int = 0) -> ApiKeySecret:
    """Give a key another secret; the one before works for `grace_hours` (0 to 24) more, one before that no longer.

    Raises TierLimitError when the plan has no keys, NotFoundError when there is no such live key.
    """
    secret = KEY_MARK + new_token()
    row = await repository.rotate_key(
        session,
        {
            "id": key_id,
            "user_id": user.id,
            "secret_hash": _hash(secret),
            "prefix": secret[:_SHOWN_CHARACTERS],
            "grace": max(0, min(grace_hours, MOST_GRACE_HOURS)),
            "at": utc_now(),
        },
    )
    if row is None:
        raise NotFoundError("There is no such key, or it has expired. Make a new one.")
    key = ApiKeySecret.model_validate({**row, "secret": secret})
    await audit(session, user.id, "api_key.rotated", str(key.id), {"name": key.name, "graceHours": grace_hours})
    return key


async def revoke_key(session: AsyncSession, user: CurrentUser, key_id: UUID) -> None:
    """End a key for good, on any plan. Raises NotFoundError."""
    name = await repository.revoke_key(session, user.id, key_id, utc_now())
    if name is None:
        raise NotFoundError("There is no such key.")
    await audit(session, user.id, "api_key.revoked", str(key_id), {"name": name})


async def prove_key(database: Database, secret: str) -> LiveKey:
    """Return the live key with this secret and note its use (at most once a minute).

    Raises UnauthorizedError when there is none. What its owner's plan allows is for `check_scope`.
    """
    row = None
    if secret.startswith(KEY_MARK) and len(secret) <= _MAX_LENGTH:
        async with database.unit_of_work() as session:
            row = await repository.find_live_key(session, _hash(secret))
    if row is None:
        raise UnauthorizedError("The API key is not valid: it is unknown, expired or revoked.")
    user = CurrentUser(id=row["user_id"], email=row["email"], tier=row["tier"])
    key = LiveKey(
        id=row["key_id"],
        user=user,
        scopes=frozenset(row["scopes"]),
        requests_per_minute=row["requests_per_minute"],
        last_used_at=row["last_used_at"],
        prefix=secret[:_SHOWN_CHARACTERS],
    )
    now = utc_now()
    if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
        async with database.unit_of_work(user.id) as session:
            await repository.note_use(session, key.id, now)
    return key


def check_scope(key: LiveKey, wanted: list[str]) -> None:
    """Raise TierLimitError when the owner's plan has no keys any more, ForbiddenError when the key's scopes do not do.

    Nothing wanted means that the place is for people only, whatever a key's scopes.
    """
    require(key.user, Feature.API_KEYS)
    if not wanted:
        raise ForbiddenError("API keys cannot be used here. Sign in, or use an access token.")
    missing = [scope for scope in wanted if scope not in key.scopes]
    if missing:
        raise ForbiddenError(f"This API key lacks the scope {missing[0]}.", {"scope": missing[0]})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
