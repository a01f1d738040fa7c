"""`/.well-known/jwks.json`: the public halves of the keys that sign access tokens, for whoever wants to check one."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from backend.api.auth import limited_by_address, public
from backend.api.envelope import errors
from backend.api.resources import resources

router = APIRouter(tags=["Sign-in"])
_KEPT_SECONDS = 300


@router.get("/.well-known/jwks.json", dependencies=[Depends(limited_by_address)], responses=errors(429, 503))
@public("public keys are for whoever checks our tokens")
async def read_signing_keys(response: Response) -> dict[str, list[dict[str, Any]]]:
    """Return the key set (RFC 7517), without an envelope. Keys change monthly: look again on an unknown `kid`."""
    response.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}"
    return {"keys": await resources().signing_keys.published()}
