"""`/v1/tax/forms`: the official PDFs that reports are filled into."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from backend.api.auth import ReadsTax, WritesTax
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.tax.form_templates import service
from backend.tax.form_templates.schemas import (
    FIRST_YEAR,
    LAST_YEAR,
    FormName,
    FormTemplateAdded,
    FormTemplateList,
    FormTemplateRead,
)

router = APIRouter(prefix="/v1/tax/forms", tags=["Tax"], responses=SIGNED_IN_ERRORS)
FormYear = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR, description="Tax year of the form")]
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "An official form, about 130 KB"}
                    },
                }
            }
        },
    }
}


@router.get("")
async def list_forms(user: ReadsTax) -> Envelope[FormTemplateList]:
    """List the official forms that can be filled in, and which of them are here."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        found = await service.list_templates(session, user, held.settings)
    return ok(found)


@router.post("", status_code=201, openapi_extra=_FILE)
async def add_form(request: Request, user: WritesTax) -> Envelope[FormTemplateAdded]:
    """Upload an official form (Form 8949 or Schedule D, 2020 to 2025): which one it is, is read from it."""
    content = await _file(request)
    async with resources().database.unit_of_work(user.id) as session:
        kept = await service.add(session, user, content)
    return ok(FormTemplateAdded(file=kept))


@router.get("/{form}/{year}", responses=errors(404))
async def read_form(user: ReadsTax, form: FormName, year: FormYear) -> Envelope[FormTemplateRead]:
    """Read which file a form is, and where it is from."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.read(session, user, form, year)
    return ok(found)


@router.put("/{form}/{year}", openapi_extra=_FILE)
async def put_form(request: Request, user: WritesTax, form: FormName, year: FormYear) -> Envelope[FormTemplateRead]:
    """Keep this PDF as the form of a year. It is refused when it is another form or another year's."""
    content = await _file(request)
    async with resources().database.unit_of_work(user.id) as session:
        kept = await service.put(session, user, form, year, content)
    return ok(kept)


@router.post("/{form}/{year}/download", status_code=201, responses=errors(409, 502, 503))
async def download_form(user: WritesTax, form: FormName, year: FormYear) -> Envelope[FormTemplateRead]:
    """Have the form taken from the IRS."""
    held = resources()
    content, address = await service.fetch(user, held.settings, form, year)
    async with held.database.unit_of_work(user.id) as session:
        kept = await service.put(session, user, form, year, content, address)
    return ok(kept)


@router.delete("/{form}/{year}", responses=errors(404))
async def remove_form(user: WritesTax, form: FormName, year: FormYear) -> Envelope[FormTemplateRead]:
    """Keep a form no longer: reports of its year have the statement alone."""
    async with resources().database.unit_of_work(user.id) as session:
        removed = await service.remove(session, user, form, year)
    return ok(removed)


async def _file(request: Request) -> bytes:
    """Return the file of a form. Raises InvalidInputError."""
    try:
        async with request.form(max_files=1, max_fields=1) as form:
            file = form.get("file")
            if isinstance(file, UploadFile):
                return await file.read()
    except HTTPException as error:
        if error.status_code != 400:
            raise
    raise InvalidInputError("There is no file in this request.", {"file": "Choose a PDF."})
