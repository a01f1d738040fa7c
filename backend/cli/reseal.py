"""`premium reseal`: seals every secret under the newest key, and says when older keys may go."""

import asyncio
import sys

from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database
from backend.core.settings import Settings
from backend.notifications.service import keep_derived_secrets
from backend.worker.resealing import reseal_all


def reseal_secrets(settings: Settings) -> int:
    """Do it and print a line for each column; return 1 when something cannot be read by any key."""
    if not settings.worker_database_url:
        print("WORKER_DATABASE_URL is not set: it names the database that the secrets are in.", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_reseal(settings))
    except (SQLAlchemyError, OSError) as error:
        print(f"The database cannot be read or written: {type(error).__name__}", file=sys.stderr)
        return 1


async def _reseal(settings: Settings) -> int:
    database = Database(settings.worker_database_url, pool_size=1)
    stored = 0
    try:
        while True:
            async with database.unit_of_work() as session:
                count = await keep_derived_secrets(session, settings)
            stored += count
            if count == 0:
                break
        found = await reseal_all(database)
    finally:
        await database.close()
    print(f"webhook secrets that were derived from SECRET_KEY and are stored now: {stored}")
    for one in found:
        name = f"{one.column.table}.{one.column.column}"
        print(f"{name:<36} {one.secrets:>8} secrets, {one.resealed} sealed anew, {one.unreadable} unreadable")
    unreadable = sum(one.unreadable for one in found)
    print(
        f"{unreadable} secrets are sealed under a key that is not in ENCRYPTION_KEYS: put it back."
        if unreadable
        else "Everything is sealed under the newest key; older keys may go from ENCRYPTION_KEYS."
    )
    return 1 if unreadable else 0
