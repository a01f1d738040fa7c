"""`/v1/tax/reports` and `/v1/tax/audit-trail`: a year's report, made in the background, and how it was computed."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from backend.accounts.service import CurrentUser
from backend.api.auth import ReadsTax, WritesTax
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.files import FILE_RESPONSES, file_response, started
from backend.api.resources import resources
from backend.core.money import plain
from backend.core.schemas import ApiModel
from backend.core.sheets import csv_file
from backend.tax.reports import service
from backend.tax.reports.schemas import (
    AuditTrail,
    ReportAsk,
    ReportDeleted,
    ReportDetail,
    ReportList,
    ReportRead,
)

router = APIRouter(prefix="/v1/tax", tags=["Tax"], responses=SIGNED_IN_ERRORS)
AUDIT_COLUMNS = ("disposal", "transaction", "date", "asset", "gain", "step", "explanation")
# A PDF may be shown in a page of ours; nothing in it runs.
INLINE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {"application/octet-stream": {}}}}


class DisposalQuery(ApiModel):
    """Which of a report's disposals come with it."""

    model_config = ConfigDict(extra="forbid")

    disposals: Literal["page", "all"] = Field(default="page", description="All at once, or page by page")
    cursor: str | None = Field(default=None, description="The `nextCursor` of the page before")
    limit: int = Field(default=service.PAGE, ge=1, le=service.MOST_ON_PAGE)


class AuditQuery(ApiModel):
    """Of which report, and of which of its disposals; in which form."""

    model_config = ConfigDict(extra="forbid")

    report: UUID
    disposal: int | None = Field(default=None, ge=1, description="Its number; all of them when left out")
    format: Literal["page", "csv", "json"] = Field(default="page", description="An answer, or a file of all of them")
    cursor: str | None = None
    limit: int = Field(default=service.PAGE, ge=1, le=service.MOST_ON_PAGE)


@router.post("/reports", status_code=202)
async def ask_for_report(user: WritesTax, body: ReportAsk) -> Envelope[ReportRead]:
    """Have a year's report made. What the place's law refuses is refused now, with the reason."""
    async with resources().database.unit_of_work(user.id) as session:
        report = await service.ask_for_report(session, user, body)
    return ok(report)


@router.get("/reports")
async def list_reports(user: ReadsTax) -> Envelope[ReportList]:
    """List your reports, the newest year first, of a year the newest version first."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.list_reports(session, user)
    return ok(ReportList(items=found))


@router.get("/reports/{report_id}", response_model=Envelope[ReportDetail], responses=errors(404))
async def read_report(user: ReadsTax, report_id: UUID, query: Annotated[DisposalQuery, Query()]) -> Any:
    """Read a report: figures, what they rest on, files, what changed, and every disposal with its lots."""
    async with resources().database.unit_of_work(user.id) as session:
        detail = await service.detail_of(session, user, report_id, query.cursor, query.limit)
    if query.disposals == "page":
        return ok(detail)
    return StreamingResponse(await started(_whole(user, ok(detail))), media_type="application/json")


async def _whole(user: CurrentUser, answer: Envelope[ReportDetail]) -> AsyncIterator[bytes]:
    """Yield the answer with all disposals in it: they never lie in memory together."""
    said = answer.model_dump(mode="json", by_alias=True)
    total = said["data"].pop("disposals")["total"]
    yield b'{"success":true,"meta":' + orjson.dumps(said["meta"]) + b',"data":' + orjson.dumps(said["data"])[:-1]
    yield b',"disposals":{"total":' + str(total).encode() + b',"nextCursor":null,"items":['
    before = b""
    async with resources().database.unit_of_work(user.id) as session:
        async for page in service.every_disposal(session, user, answer.data.id):
            yield before + b",".join(each.model_dump_json(by_alias=True).encode() for each in page)
            before = b","
    yield b"]}}}"


@router.post("/reports/{report_id}/cancel", responses=errors(404, 409))
async def cancel_report(user: WritesTax, report_id: UUID) -> Envelope[ReportRead]:
    """Stop the making of a report."""
    async with resources().database.unit_of_work(user.id) as session:
        report = await service.cancel_report(session, user, report_id)
    return ok(report)


@router.post("/reports/{report_id}/regenerate", status_code=202, responses=errors(404))
async def make_again(user: WritesTax, report_id: UUID) -> Envelope[ReportRead]:
    """Have a report made again with the same settings, as a new version that says what changed and why."""
    async with resources().database.unit_of_work(user.id) as session:
        report = await service.make_again(session, user, report_id)
    return ok(report)


@router.delete("/reports/{report_id}", responses=errors(404))
async def delete_report(user: WritesTax, report_id: UUID) -> Envelope[ReportDeleted]:
    """Delete a report with its files; one that is being made is stopped."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.delete_report(session, user, report_id)
    return ok(ReportDeleted(id=report_id))


@router.get("/reports/{report_id}/files/{name}", response_class=Response, responses={**_FILE, **errors(404)})
async def read_file(user: ReadsTax, report_id: UUID, name: str, inline: bool = False) -> Response:
    """Download a file of a report; with `inline` a PDF is shown instead."""
    async with resources().database.unit_of_work(user.id) as session:
        about, content = await service.file_of(session, user, report_id, name)
    shown = inline and about.media_type == "application/pdf"
    headers = {
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(about.name)}",
        "Cache-Control": "private, no-store",
        "ETag": f'"{about.sha256}"',
    }
    if shown:
        headers |= {"Content-Security-Policy": INLINE_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(content, media_type=about.media_type, headers=headers)


@router.get("/audit-trail", response_model=Envelope[AuditTrail], responses={**FILE_RESPONSES, **errors(404)})
async def audit_trail(user: ReadsTax, query: Annotated[AuditQuery, Query()]) -> Any:
    """Read how disposals were computed, in words, down to the lot; as a file with `format`."""
    async with resources().database.unit_of_work(user.id) as session:
        limit = 1 if query.format != "page" else query.limit
        trail = await service.audit_trail(session, user, query.report, query.disposal, query.cursor, limit)
    if query.format == "page":
        return ok(trail)
    chunks = _audit_csv(user, query) if query.format == "csv" else _audit_json(user, query)
    return await file_response(f"tax-audit-{trail.jurisdiction}-{trail.year}", query.format, chunks)


async def _steps(user: CurrentUser, query: AuditQuery) -> AsyncIterator[Any]:
    async with resources().database.unit_of_work(user.id) as session:
        if query.disposal is not None:
            for step in (await service.audit_trail(session, user, query.report, query.disposal)).items:
                yield step
            return
        async for page in service.every_step(session, user, query.report):
            for step in page:
                yield step


def _audit_csv(user: CurrentUser, query: AuditQuery) -> AsyncIterator[bytes]:
    async def rows() -> AsyncIterator[tuple[object, ...]]:
        async for step in _steps(user, query):
            gain = None if step.gain is None else plain(step.gain)
            for place, line in enumerate(step.lines, 1):
                yield (step.number, step.transaction_id, step.disposed_on, step.symbol, gain, place, line)

    return csv_file(AUDIT_COLUMNS, rows())


async def _audit_json(user: CurrentUser, query: AuditQuery) -> AsyncIterator[bytes]:
    before = b"["
    async for step in _steps(user, query):
        yield before + step.model_dump_json(by_alias=True).encode()
        before = b",\n"
    yield b"]\n" if before != b"[" else b"[]\n"
