"""Sealing anew, under the newest key, what an older one sealed; each night, and by `premium reseal`."""

import asyncio
from dataclasses import dataclass

from backend.core import sealed_repository
from backend.core.db import Database
from backend.core.errors import UnavailableError
from backend.core.jobs import JobContext, periodic, task
from backend.core.logging import get_logger
from backend.core.sealed_repository import SealedColumn
from backend.core.sealing import is_newest, reseal

log = get_logger(__name__)
ROWS_AT_ONCE = 500
# Every column that holds what `core.sealing.seal` returned stands here (a test looks for those that do not).
SEALED_COLUMNS = (
    SealedColumn("mail_outbox", "content"),
    SealedColumn("webhook_secrets", "sealed_secret", "user_id"),
    SealedColumn("webhook_secrets", "sealed_old_secret", "user_id"),
    SealedColumn("notification_channels", "sealed_target"),
    SealedColumn("two_factor", "sealed_seed", "user_id"),
    SealedColumn("signing_keys", "sealed_private_key", "kid"),
    SealedColumn("tax_filers", "sealed_tax_id"),
)


@dataclass(slots=True)
class Resealed:
    """How a column is: secrets there, sealed anew just now, and those that no key of ours opens."""

    column: SealedColumn
    secrets: int = 0
    resealed: int = 0
    unreadable: int = 0


async def reseal_all(database: Database) -> list[Resealed]:
    """Seal every secret that an older key sealed under the newest one. Doing it again changes nothing."""
    return [await _reseal_column(database, column) for column in SEALED_COLUMNS]


async def _reseal_column(database: Database, column: SealedColumn) -> Resealed:
    found, after = Resealed(column), None
    while True:
        async with database.unit_of_work() as session:
            rows = await sealed_repository.next_rows(session, column, after, ROWS_AT_ONCE)
            for key, old in rows:
                found.secrets += 1
                if is_newest(old):
                    continue
                try:
                    new = reseal(old)
                except UnavailableError:
                    found.unreadable += 1
                    continue
                await sealed_repository.replace(session, column, key, old, new)
                found.resealed += 1
        if len(rows) < ROWS_AT_ONCE:
            return found
        after = rows[-1][0]
        await asyncio.sleep(0)


@periodic("37 2 * * *")
@task(name="keys.reseal", timeout_seconds=3600)
async def reseal_secrets(context: JobContext, timestamp: int) -> None:
    """Seal anew what is sealed under older keys, and say what nobody can read."""
    for found in await reseal_all(context.database):
        level = log.error if found.unreadable else log.info
        level(
            "secrets sealed anew",
            table=found.column.table,
            column=found.column.column,
            seen=found.secrets,
            resealed=found.resealed,
            unreadable=found.unreadable,
        )
