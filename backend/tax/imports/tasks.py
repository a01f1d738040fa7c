"""The jobs of imports: large files are read and imported here, and those that nobody imported are deleted."""

from uuid import UUID

from backend.accounts.service import Feature, find_user, require
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, TierLimitError
from backend.core.garbage import no_search_for_cycles
from backend.core.jobs import JobContext, periodic, task
from backend.core.retention import kept
from backend.tax.imports import repository
from backend.tax.imports.service import IMPORT_TASK, READ_TASK
from backend.tax.imports.working import Note, OvertakenError, import_file, prepare

RETRIES = 4
FAILED = "Something went wrong on our side; nothing of the file was imported. Try it again."


@task(name=READ_TASK, retry=RETRIES, timeout_seconds=300)
async def read_import(context: JobContext, user_id: str, import_id: str, revision: int) -> None:
    """Read a large file for its preview. One that is changed or gone meanwhile is left alone."""
    await _work(context, UUID(user_id), UUID(import_id), revision, "reading")


@task(name=IMPORT_TASK, retry=RETRIES, timeout_seconds=600)
async def import_large_file(context: JobContext, user_id: str, import_id: str, revision: int) -> None:
    """Import a large file, all of it or nothing. Done again after a worker died, it adds nothing twice."""
    await _work(context, UUID(user_id), UUID(import_id), revision, "importing")


@periodic("37 4 * * *")
@task(name="tax.delete_old_previews")
async def delete_old_previews(context: JobContext, timestamp: int) -> None:
    """Delete the files that nobody imported."""
    async with context.database.unit_of_work() as session:
        await repository.delete_old_previews(session, utc_now() - kept("tax_imports, not imported"))


async def _work(context: JobContext, user_id: UUID, import_id: UUID, revision: int, work: str) -> None:
    """Do what a row asks for. What the user has to know is noted with it, and what failed for good too."""
    try:
        with no_search_for_cycles():
            await _do(context, user_id, import_id, revision, work)
    except OvertakenError:
        return
    except (InvalidInputError, ConflictError, TierLimitError) as error:
        await _fail(context, import_id, revision, error.message)
    except Exception:
        if context.attempt > RETRIES:
            await _fail(context, import_id, revision, FAILED)
        raise


async def _do(context: JobContext, user_id: UUID, import_id: UUID, revision: int, work: str) -> None:
    user = await find_user(context.database, user_id)
    if user is None:
        return
    require(user, Feature.TAX)
    note = _noting(context, import_id, revision)
    async with context.database.unit_of_work() as session:
        if work == "importing":
            await repository.lock_user(session, user_id)
        await repository.lock_lines(session, import_id)
        row = await repository.find_import(session, user_id, import_id)
        if row is None or row["work"] != work or row["revision"] != revision:
            return
        if work == "importing":
            await import_file(session, user, row, revision, note)
        else:
            await prepare(session, row, revision, note)


def _noting(context: JobContext, import_id: UUID, revision: int) -> Note:
    """Return what notes the progress where the page sees it, and ends the work when it is void."""

    async def note(percent: int) -> None:
        async with context.database.unit_of_work() as session:
            is_wanted = await repository.note_progress(session, import_id, revision, percent)
        if not is_wanted:
            raise OvertakenError("The work is void.")

    return note


async def _fail(context: JobContext, import_id: UUID, revision: int, problem: str) -> None:
    async with context.database.unit_of_work() as session:
        await repository.fail_work(session, import_id, revision, problem)
