"""Official forms of a user: which are there, keeping one that fits, and what reports are filled into."""

import asyncio
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.settings import Settings
from backend.tax.form_templates import repository
from backend.tax.form_templates.download import address_of, can_download, download
from backend.tax.form_templates.schemas import (
    FIRST_YEAR,
    LAST_YEAR,
    FormName,
    FormTemplateList,
    FormTemplateRead,
)
from backend.tax.forms.irs_template import TITLES, identify, read_template
from backend.tax.forms.records import TemplateError

UPLOADED = "uploaded"
NOT_KEPT = "The form was not kept."
NO_FORM = "This form is not here."


@requires(Feature.TAX)
async def list_templates(session: AsyncSession, user: CurrentUser, settings: Settings) -> FormTemplateList:
    """Return all forms that can be filled in, and which of them are there."""
    here = {(row.form, row.year): row for row in await repository.list_templates(session, user.id)}
    items = [
        _read(form, year, here.get((form.value, year)))
        for year in range(LAST_YEAR, FIRST_YEAR - 1, -1)
        for form in FormName
    ]
    return FormTemplateList(items=items, total=len(items), can_download=can_download(settings))


@requires(Feature.TAX)
async def read(session: AsyncSession, user: CurrentUser, form: FormName, year: int) -> FormTemplateRead:
    """Return a form that is there. Raises NotFoundError."""
    for row in await repository.list_templates(session, user.id):
        if (row.form, row.year) == (form.value, year):
            return _read(form, year, row)
    raise NotFoundError(NO_FORM)


@requires(Feature.TAX)
async def put(
    session: AsyncSession, user: CurrentUser, form: FormName, year: int, content: bytes, source: str = UPLOADED
) -> FormTemplateRead:
    """Keep an official form after looking at it, in place of one that was there.

    Raises InvalidInputError when it is another form, another year's, or none: it says which.
    """
    try:
        await asyncio.to_thread(read_template, content, form.value, year)
    except TemplateError as error:
        raise InvalidInputError(NOT_KEPT, {"file": str(error)}) from None
    digest = sha256(content).hexdigest()
    await repository.put(session, user.id, form.value, year, content, digest, source, utc_now())
    await audit(session, user.id, "tax_form.kept", f"{form.value}-{year}", {"sha256": digest, "source": source})
    return await read(session, user, form, year)


@requires(Feature.TAX)
async def add(session: AsyncSession, user: CurrentUser, content: bytes) -> FormTemplateRead:
    """Keep an official form of whichever kind and year it is. Raises InvalidInputError."""
    try:
        form, year = await asyncio.to_thread(identify, content)
    except TemplateError as error:
        raise InvalidInputError(NOT_KEPT, {"file": str(error)}) from None
    return await put(session, user, FormName(form), year, content)


@requires(Feature.TAX)
async def remove(session: AsyncSession, user: CurrentUser, form: FormName, year: int) -> FormTemplateRead:
    """Keep a form no longer: reports of its year have the statement alone. Raises NotFoundError."""
    if not await repository.remove(session, user.id, form.value, year):
        raise NotFoundError(NO_FORM)
    await audit(session, user.id, "tax_form.removed", f"{form.value}-{year}", {})
    return _read(form, year, None)


@requires(Feature.TAX)
async def fetch(user: CurrentUser, settings: Settings, form: FormName, year: int) -> tuple[bytes, str]:
    """Return an official form from the IRS, checked, and its address. No database: call it outside of a transaction.

    Raises ConflictError, UnavailableError, RemoteError and InvalidInputError, each saying what to do.
    """
    del user
    return await download(settings, form.value, year), address_of(settings, form.value, year)


async def templates_of(session: AsyncSession, user_id: UUID, year: int) -> dict[tuple[str, int], bytes]:
    """Return the official forms of a year that a user keeps: what `artefacts` fills in.

    Whether the caller may is decided at the edge that calls.
    """
    return {(form, year): content for form, content in (await repository.contents(session, user_id, year)).items()}


def _read(form: FormName, year: int, row: Any) -> FormTemplateRead:
    return FormTemplateRead(
        id=f"{form.value}-{year}",
        form=form,
        title=TITLES[form.value],
        year=year,
        is_here=row is not None,
        size_bytes=None if row is None else row.size_bytes,
        sha256=None if row is None else row.sha256,
        source=None if row is None else row.source,
        added_at=None if row is None else row.added_at,
    )
