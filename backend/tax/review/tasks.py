"""The job that reviews a user's book: computes it, and makes what is open in it the user's issues."""

import asyncio
from datetime import timedelta
from uuid import UUID

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.garbage import no_search_for_cycles
from backend.core.jobs import JobContext, task
from backend.core.logging import get_logger
from backend.tax import repository as books
from backend.tax.book_service import book_of
from backend.tax.books import Book, Issue
from backend.tax.engine.calculate import Calculation
from backend.tax.refusals import RefusedHistoryError, calculated, issue_of
from backend.tax.review import repository
from backend.tax.review.judging import judged
from backend.tax.review.records import issue_row
from backend.tax.review.soon import REVIEW, review_soon
from backend.tax.summary.service import MOST_AT_ONCE, keep

RETRIES = 2
AGAIN_AFTER = timedelta(seconds=2)
log = get_logger(__name__)


@task(name=REVIEW, retry=RETRIES, timeout_seconds=600)
async def review(context: JobContext, user_id: str) -> None:
    """Review a user's book as it stands; while another review of it runs, put this one in line behind it."""
    user = UUID(user_id)
    try:
        with no_search_for_cycles():
            await _review(context, user)
    except Exception:
        if context.attempt > RETRIES:
            await _note(context.database, user, None, "Your book could not be reviewed. Ask for it again.")
        raise


async def _review(context: JobContext, user_id: UUID) -> None:
    database = context.database
    async with database.unit_of_work() as session:
        if not await repository.try_lock(session, user_id):
            await review_soon(session, user_id, utc_now() + AGAIN_AFTER)
            return
        await _note(database, user_id, "reading")
        book = await book_of(session, user_id)
        await _note(database, user_id, "computing")
        found, done = await asyncio.to_thread(_judge, book)
        await books.lock(session, user_id)
        if await books.version(session, user_id) != book.version:
            # What was settled meanwhile must not come back for a moment.
            await review_soon(session, user_id)
            return
        await repository.replace_issues(session, user_id, [issue_row(each) for each in found])
        await repository.note_reviewed(session, user_id, book.version, utc_now())
    if book.transactions > MOST_AT_ONCE:  # whoever asks for the years next finds them
        async with database.unit_of_work(user_id) as session:
            await keep(session, user_id, context.redis, book, done)
    log.info("book reviewed", user_id=str(user_id), transactions=book.transactions, issues=len(found))


def _judge(book: Book) -> tuple[list[Issue], Calculation | None]:
    """Return what is open, and the book calculated (None: the engine refuses it; why is among what is open)."""
    done = None
    try:
        done = calculated(book)
        found = judged(book, done.outcome)
    except RefusedHistoryError as error:
        found = [issue_of(book, error), *book.issues]
    return list({each.id: each for each in found}.values()), done


async def _note(database: Database, user_id: UUID, step: str | None, problem: str | None = None) -> None:
    """Say where the review is, in a transaction of its own: an open page shows it."""
    async with database.unit_of_work() as session:
        await repository.note_step(session, user_id, step, problem)
