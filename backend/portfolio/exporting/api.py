"""`/v1/portfolio/export`: a portfolio as a file."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsPortfolio
from backend.api.envelope import SIGNED_IN_ERRORS
from backend.api.files import started
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.portfolio.exporting import service
from backend.portfolio.exporting.service import Asked, ExportFormat, What
from backend.portfolio.snapshots.history import Range

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"text/csv": {}, "application/json": {}, "application/pdf": {}}}
}


class ExportQuery(ApiModel):
    """What to export, and in which form."""

    model_config = ConfigDict(extra="forbid")

    format: ExportFormat = "csv"
    what: What = Field(default="assets", description="Holdings, value over time, figures, or what happened")
    range: Range = Field(default="30d", description="Of value over time, figures and activity")


@router.get("/export", response_class=StreamingResponse, responses=_FILES)
async def export_portfolio(user: ReadsPortfolio, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """Download your portfolio as CSV, JSON or PDF: every number with its source and as of when."""
    held, asked = resources(), Asked(query.what, query.format, query.range)
    async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
        content = await service.content_of(store, session, user, asked)
    name = service.file_name(asked, content)

    async def chunks() -> AsyncIterator[bytes]:
        async with AsyncExitStack() as stack:
            reading = await stack.enter_async_context(held.database.unit_of_work(user.id))
            async for chunk in await service.as_chunks(reading, user, asked, content):
                yield chunk

    return StreamingResponse(
        await started(chunks()),
        media_type=service.MEDIA_TYPES[asked.form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
