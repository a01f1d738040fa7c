"""Deletes what was kept long enough: the periods stand in `core.retention`, this does those that are due daily."""

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.retention import kept
from backend.privacy import retention_repository as repository

log = get_logger(__name__)
ROWS_AT_ONCE = 5_000


async def delete_old_rows(database: Database) -> dict[str, int]:
    """Delete what is too old (role premium_worker), some thousand rows a transaction; return how many by name.

    Alerts go in whole months, and are counted so. What fails does not keep the others, and is raised at the end.
    """
    deleted: dict[str, int] = {}
    failure: Exception | None = None
    for name in repository.NAMES:
        try:
            deleted[name] = await _delete(database, name)
        except Exception as error:
            log.error("old rows were not deleted", what=name, error=type(error).__name__)
            failure = error
    log.info("deleted what is too old", deleted={name: count for name, count in deleted.items() if count})
    if failure is not None:
        raise failure
    return deleted


async def _delete(database: Database, name: str) -> int:
    before, total = utc_now() - kept(name), 0
    while True:
        async with database.unit_of_work() as session:
            count = await repository.delete_before(session, name, before, ROWS_AT_ONCE)
        total += count
        if count < ROWS_AT_ONCE:
            return total
