"""The SQL of signing keys. A new one gets in through one security-definer function only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key pair: the public half as a JWK, the private one sealed."""

    kid: str
    public_key: dict[str, Any]
    sealed_private_key: bytes
    created_at: datetime


async def list_keys(session: AsyncSession) -> list[StoredKey]:
    """Return the keys, the newest first."""
    statement = text(
        "select kid, public_key, sealed_private_key, created_at from signing_keys order by created_at desc"
    )
    return [
        StoredKey(row.kid, row.public_key, bytes(row.sealed_private_key), row.created_at)
        for row in (await session.execute(statement)).all()
    ]


async def add_key(
    session: AsyncSession, kid: str, public_key: dict[str, Any], sealed: bytes, due_after: timedelta, usable: bool
) -> bool:
    """Store a key unless the newest is `usable` and younger than `due_after`; return whether it was stored."""
    statement = text("select add_signing_key(:kid, cast(:public_key as jsonb), :sealed, :due_after, :usable)")
    values = {
        "kid": kid,
        "public_key": orjson.dumps(public_key).decode(),
        "sealed": sealed,
        "due_after": due_after,
        "usable": usable,
    }
    return (await session.execute(statement, values)).scalar_one()
