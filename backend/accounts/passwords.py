"""Password hashing: argon2id with the parameters of RFC 9106's second recommendation (64 MiB, 3 passes)."""

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_AT_ONCE = 2  # each verification takes 64 MiB: a flood of sign-ins must not take the machine's memory
_gates: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


@lru_cache(maxsize=1)
def _unusable_hash() -> str:
    """Return a hash that no password matches, to spend the same time on an unknown e-mail as on a wrong password."""
    return _hasher.hash("no account has this password")


def _gate() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _gates:
        _gates.clear()
        _gates[loop] = asyncio.Semaphore(_AT_ONCE)
    return _gates[loop]


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _unusable_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, computed off the event loop."""
    async with _gate():
        return await asyncio.to_thread(_hasher.hash, password)


async def password_matches(password_hash: str | None, password: str) -> bool:
    """Return whether the password has this hash; None takes as long as a wrong password and is False."""
    async with _gate():
        return await asyncio.to_thread(_matches, password_hash, password)
