"""`/v1/tax/imports`: files of transactions, from the upload to the undoing; and wallets, taken over from the ledger."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from backend.api.auth import ReadsTax, WritesTax
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.tax.imports import service
from backend.tax.imports.schemas import (
    Commit,
    ImportAsked,
    ImportChange,
    ImportList,
    ImportPreview,
    ImportRead,
    ImportUndone,
    ImportUploaded,
    LineQuery,
    WalletImport,
)
from backend.tax.imports.upload_api import BODY, read_form

router = APIRouter(prefix="/v1/tax", tags=["Tax"], responses=SIGNED_IN_ERRORS)


_QUEUED: dict[int | str, dict[str, Any]] = {202: {"description": "Put in line: it is a large file"}}


@router.post(
    "/transactions/import",
    status_code=202,
    responses={201: {"model": Envelope[ImportUploaded], "description": "Read"}, **errors(409)},
    openapi_extra=BODY,
)
async def import_transactions(
    request: Request, response: Response, user: WritesTax
) -> Envelope[ImportUploaded | ImportAsked]:
    """Upload a file of transactions, or have your wallets' history taken over (JSON: source "wallet").

    A file is read first (201; 202 for a large one: ask for it again after the estimated seconds), and imported when you
    say so. The very same file twice is one.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        await service.require_tax(user=user)
        content, name, choices = await read_form(request)
        async with resources().database.unit_of_work(user.id) as session:
            uploaded = await service.upload(session, user, content, name, choices)
        response.status_code = 202 if uploaded.file.work is not None else 201
        return ok(uploaded)
    try:
        WalletImport.model_validate_json(await request.body())
    except ValidationError:
        words = 'Send a file as a form (multipart/form-data), or JSON: {"source": "wallet"}.'
        raise InvalidInputError(words, {"source": words}) from None
    async with resources().database.unit_of_work(user.id) as session:
        asked = await service.ask_wallets(session, user)
    return ok(asked)


@router.get("/imports")
async def list_imports(user: ReadsTax) -> Envelope[ImportList]:
    """List your imports, the newest first."""
    async with resources().database.unit_of_work(user.id) as session:
        imports = await service.list_imports(session, user)
    return ok(imports)


@router.get("/imports/{import_id}", responses=errors(404))
async def read_import(user: ReadsTax, import_id: UUID, query: Annotated[LineQuery, Query()]) -> Envelope[ImportPreview]:
    """Read what becomes of a file, line by line. Once it is imported, lines that need no word are not kept."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.preview(session, user, import_id, query)
    return ok(found)


@router.patch("/imports/{import_id}", responses=errors(404, 409))
async def change_import(user: WritesTax, import_id: UUID, body: ImportChange) -> Envelope[ImportUploaded]:
    """Have a file read otherwise: another source, account, time zone or columns, or cells corrected by line."""
    async with resources().database.unit_of_work(user.id) as session:
        changed = await service.change(session, user, import_id, body)
    return ok(changed)


@router.post("/imports/{import_id}/commit", responses={**_QUEUED, **errors(404, 409)})
async def commit_import(
    user: WritesTax, import_id: UUID, response: Response, body: Commit | None = None
) -> Envelope[ImportUploaded]:
    """Import a file, all of it or nothing (202 for a large one). Doing it twice does it once."""
    async with resources().database.unit_of_work(user.id) as session:
        done = await service.confirm(session, user, import_id, body is not None and body.leave_out)
    response.status_code = 202 if done.file.work is not None else 200
    return ok(done)


@router.post("/imports/{import_id}/stop", responses=errors(404))
async def stop_import(user: WritesTax, import_id: UUID) -> Envelope[ImportRead]:
    """Stop the work with a large file; nothing of it is imported then."""
    async with resources().database.unit_of_work(user.id) as session:
        stopped = await service.stop(session, user, import_id)
    return ok(stopped)


@router.delete("/imports/{import_id}", responses=errors(404, 409))
async def undo_import(user: WritesTax, import_id: UUID) -> Envelope[ImportUndone]:
    """Undo an import; a file that was not imported is discarded. What another file brought too stays."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.stop_reading(session, user, import_id)
    async with resources().database.unit_of_work(user.id) as session:
        undone = await service.undo(session, user, import_id)
    return ok(undone)
