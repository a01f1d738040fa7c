"""What is kept while a browser is at a provider: for ten minutes, for one return, for that browser only."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import orjson
from redis.asyncio import Redis

LIFETIME_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Trip:
    """A browser on its way.

    `user_id`: who wants to link the account, None to sign in; `browser`: the mark of its handle.
    """

    provider: str
    nonce: str
    verifier: str
    next_path: str
    browser: str
    user_id: UUID | None


async def remember_trip(redis: Redis, state: str, trip: Trip) -> None:
    """Keep the trip under its state."""
    content = {
        "provider": trip.provider,
        "nonce": trip.nonce,
        "verifier": trip.verifier,
        "next": trip.next_path,
        "browser": trip.browser,
        "user": str(trip.user_id) if trip.user_id else "",
    }
    await redis.set(_key(state), orjson.dumps(content), ex=LIFETIME_SECONDS, nx=True)


async def end_trip(redis: Redis, state: str) -> Trip | None:
    """Return the trip and forget it in the same step, or None when the state is unknown, old or used."""
    content = await redis.getdel(_key(state))
    if content is None:
        return None
    kept = orjson.loads(content)
    return Trip(
        provider=kept["provider"],
        nonce=kept["nonce"],
        verifier=kept["verifier"],
        next_path=kept["next"],
        browser=kept["browser"],
        user_id=UUID(kept["user"]) if kept["user"] else None,
    )


def _key(state: str) -> str:
    return f"oauth:state:{hashlib.sha256(state.encode('utf-8', 'replace')).hexdigest()}"
