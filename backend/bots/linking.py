"""One-time codes that link a chat to an account, and how often a person may try one.

The account's page shows a code; whoever sends it to the bot within a quarter of an hour is the account's owner from
then on. Only the code's hash is kept, in Redis, and taking it out is what uses it up.
"""

import hashlib
import hmac
import secrets
from uuid import UUID

from redis.asyncio import Redis

from backend.bots.schemas import Bot
from backend.core.errors import RateLimitError
from backend.core.keys import derived_key
from backend.core.settings import Settings

CODE_SECONDS = 900
# Without letters and digits that look like others: 31 of them, ten make 49 bits.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 10
MOST_TRIES, TRIES_SECONDS = 5, 900


async def new_code(redis: Redis, bot: Bot, user_id: UUID) -> str:
    """Return a new code for the user; one made before for this bot is good no more."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    mine = f"bots:code-of:{bot}:{user_id}"
    async with redis.pipeline(transaction=True) as pipe:
        if (before := await redis.get(mine)) is not None:
            pipe.delete(before)
        pipe.set(_key(bot, code), str(user_id), ex=CODE_SECONDS)
        pipe.set(mine, _key(bot, code), ex=CODE_SECONDS)
        await pipe.execute()
    return code


async def use_code(redis: Redis, bot: Bot, code: str) -> UUID | None:
    """Use a code up and return whose it was; None when there is no such code, or no more."""
    tidy = code.strip().upper().replace("-", "")
    if len(tidy) != _LENGTH or set(tidy) - set(_ALPHABET):
        return None
    found = await redis.getdel(_key(bot, tidy))
    return UUID(found.decode()) if found else None


async def count_try(redis: Redis, mark: bytes) -> None:
    """Count a try of a person to use a code. Raises RateLimitError after five in a quarter of an hour."""
    name = f"bots:tries:{mark.hex()}"
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(name, 0, ex=TRIES_SECONDS, nx=True)
        pipe.incr(name)
        _, tries = await pipe.execute()
    if tries > MOST_TRIES:
        raise RateLimitError("Too many codes that were not right. Try again in a quarter of an hour.")


async def is_first(redis: Redis, bot: Bot, once: str) -> bool:
    """Return whether a message of a chat is seen for the first time within a day, and note it.

    A command is done at most once: whoever stops between noting and doing it leaves it undone.
    """
    return bool(await redis.set(f"bots:seen:{bot}:{once}", 1, ex=86_400, nx=True))


def person_mark(settings: Settings, bot: Bot, person_id: str) -> bytes:
    """Return what is stored of who a person is at the chat's operator: a keyed hash, good for finding and no more."""
    key = derived_key(settings.secret_key, "people of chats")
    return hmac.new(key, f"{bot}:{person_id}".encode(), hashlib.sha256).digest()


def _key(bot: Bot, code: str) -> str:
    return f"bots:code:{bot}:{hashlib.sha256(code.encode()).hexdigest()}"
