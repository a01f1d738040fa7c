"""This process's signing keys. The newest signs; every one verifies until the last token it signed has expired.

A key is made at the first use after the newest became KEY_LIFETIME old; of many processes at once, one makes it.
"""

import re
from datetime import timedelta
from typing import Any

import orjson
from joserfc.jwk import ECKey

from backend.accounts.signing_keys import repository
from backend.accounts.signing_keys.repository import StoredKey
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import UnavailableError
from backend.core.logging import get_logger
from backend.core.sealing import seal, unseal

ALGORITHM = "ES256"
CURVE = "P-256"
KEY_LIFETIME = timedelta(days=30)
_KID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
log = get_logger(__name__)


class SigningKeys:
    """Reads keys when they are first asked for, and keeps them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._public: dict[str, ECKey] = {}
        self._signing: tuple[ECKey, StoredKey] | None = None

    async def current(self) -> ECKey:
        """Return the key to sign with."""
        if self._signing is not None and utc_now() - self._signing[1].created_at < KEY_LIFETIME:
            return self._signing[0]
        async with self._database.unit_of_work() as session:
            stored = await repository.list_keys(session)
        signing = _opened(stored[0]) if stored else None
        if signing is None or utc_now() - stored[0].created_at >= KEY_LIFETIME:
            await self._add(usable=signing is not None)
            async with self._database.unit_of_work() as session:
                stored = await repository.list_keys(session)
            signing = _opened(stored[0])
        if signing is None:
            raise UnavailableError("Access tokens cannot be signed right now. Try again in a moment.")
        self._signing = (signing, stored[0])
        self._keep(stored)
        return signing

    async def public(self, kid: str) -> ECKey | None:
        """Return the key to verify with that has this id, None when it is none of ours."""
        if _KID.fullmatch(kid) is None:
            return None
        if kid not in self._public:
            async with self._database.unit_of_work() as session:
                self._keep(await repository.list_keys(session))
        return self._public.get(kid)

    async def published(self) -> list[dict[str, Any]]:
        """Return the public halves as JSON Web Keys (RFC 7517), the newest first; there is always one."""
        await self.current()
        async with self._database.unit_of_work() as session:
            stored = await repository.list_keys(session)
        self._keep(stored)
        return [key.public_key for key in stored]

    async def _add(self, usable: bool) -> None:
        kid, public_key, sealed = _new_pair()
        async with self._database.unit_of_work() as session:
            if await repository.add_key(session, kid, public_key, sealed, KEY_LIFETIME, usable):
                log.info("a new signing key", kid=kid)

    def _keep(self, stored: list[StoredKey]) -> None:
        self._public = {key.kid: self._public.get(key.kid) or ECKey.import_key(key.public_key) for key in stored}


def _new_pair() -> tuple[str, dict[str, Any], bytes]:
    key = ECKey.generate_key(CURVE)
    kid = key.thumbprint()
    named = {"kid": kid, "use": "sig", "alg": ALGORITHM}
    return (
        kid,
        {**key.as_dict(private=False), **named},
        seal(orjson.dumps({**key.as_dict(private=True), **named}).decode()),
    )


def _opened(stored: StoredKey) -> ECKey | None:
    """Return the private key, None when the key it was sealed with is gone (then another one is made)."""
    try:
        return ECKey.import_key(orjson.loads(unseal(stored.sealed_private_key)))
    except UnavailableError:
        log.error("the signing key cannot be unsealed", kid=stored.kid)
        return None
