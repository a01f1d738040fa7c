"""What a chain's leader tidies now and then: the stream down to an hour, blocks down to a week."""

import asyncio

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from backend.chain import repository
from backend.chain.follow.emission import EventStream
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.retention import kept

EVERY_SECONDS = 60.0
STREAM_KEEP = kept("event streams")
BLOCKS_KEEP = kept("chain_blocks")
ALWAYS_KEPT_BLOCKS = 1_000
log = get_logger(__name__)


async def tidy_for_ever(chain_id: int, database: Database, stream: EventStream) -> None:
    """Tidy every minute until cancelled; what fails is tried again the next time."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await tidy(chain_id, database, stream)
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.warning("tidying failed", chain_id=chain_id, error=type(error).__name__)


async def tidy(chain_id: int, database: Database, stream: EventStream) -> tuple[int, int]:
    """Trim the stream and delete old blocks once; return how many entries and blocks went.

    The stream is never trimmed past what the alert workers have acknowledged, nor are blocks deleted that the last
    thousand reach back to.
    """
    async with database.unit_of_work() as session:
        keep_from = await repository.oldest_seq_since(session, chain_id, utc_now() - STREAM_KEEP)
        checkpoint = await repository.read_checkpoint(session, chain_id)
    if checkpoint is None:
        return 0, 0
    keep_from = checkpoint.next_seq if keep_from is None else keep_from
    needed = await stream.oldest_needed_seq()
    trimmed = await stream.trim_before(keep_from if needed is None else min(keep_from, needed))
    async with database.unit_of_work() as session:
        deleted = await repository.delete_blocks_before(
            session, chain_id, utc_now() - BLOCKS_KEEP, checkpoint.block_number - ALWAYS_KEPT_BLOCKS
        )
    if trimmed or deleted:
        log.info("tidied", chain_id=chain_id, trimmed_entries=trimmed, deleted_blocks=deleted)
    return trimmed, deleted
