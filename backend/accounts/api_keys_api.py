"""`/v1/api-keys`: keys for programs. Only a signed-in person manages them, never a key."""

from uuid import UUID

from fastapi import APIRouter

from backend.accounts import api_keys
from backend.accounts.api_keys_schemas import (
    ApiKeyCreate,
    ApiKeyList,
    ApiKeyRevoked,
    ApiKeyRotate,
    ApiKeySecret,
)
from backend.api.auth import SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"], responses=SIGNED_IN_ERRORS)


@router.get("")
async def list_api_keys(user: SignedIn) -> Envelope[ApiKeyList]:
    """List your keys that are not revoked, newest first."""
    async with resources().database.unit_of_work(user.id) as session:
        keys = await api_keys.list_keys(session, user)
    return ok(ApiKeyList(items=keys, total=len(keys)))


@router.post("", status_code=201)
async def create_api_key(user: SignedIn, body: ApiKeyCreate) -> Envelope[ApiKeySecret]:
    """Make a key (Enterprise). The answer is the only place where its secret ever stands."""
    async with resources().database.unit_of_work(user.id) as session:
        key = await api_keys.create_key(session, user, body)
    return ok(key)


@router.post("/{key_id}/rotate", responses=errors(404))
async def rotate_api_key(user: SignedIn, key_id: UUID, body: ApiKeyRotate) -> Envelope[ApiKeySecret]:
    """Give a key another secret; the old one works for `graceHours` more."""
    async with resources().database.unit_of_work(user.id) as session:
        key = await api_keys.rotate_key(session, user, key_id, body.grace_hours)
    return ok(key)


@router.delete("/{key_id}", responses=errors(404))
async def revoke_api_key(user: SignedIn, key_id: UUID) -> Envelope[ApiKeyRevoked]:
    """End a key at once and for good."""
    async with resources().database.unit_of_work(user.id) as session:
        await api_keys.revoke_key(session, user, key_id)
    return ok(ApiKeyRevoked(id=key_id))
