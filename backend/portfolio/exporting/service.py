"""Exports of a portfolio: the one door for the API, the page and scheduled exports."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.portfolio.exporting.content import Content, What, event_pages, gather
from backend.portfolio.exporting.files import Pages, as_csv, as_json
from backend.portfolio.exporting.pdf import MOST_EVENTS, as_pdf
from backend.portfolio.snapshots.history import Range
from backend.portfolio.snapshots.store import SnapshotStore

__all__ = ["FORMATS", "MEDIA_TYPES", "Asked", "Content", "ExportFormat", "What", "as_chunks", "content_of", "file_name"]
ExportFormat = Literal["csv", "json", "pdf"]
FORMATS: tuple[ExportFormat, ...] = ("csv", "json", "pdf")
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "pdf": "application/pdf"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which export, in which form."""

    what: What
    form: ExportFormat
    range: Range


@requires(Feature.PORTFOLIO)
async def content_of(store: SnapshotStore, session: AsyncSession, user: CurrentUser, asked: Asked) -> Content:
    """Return what an export holds; the activity of CSV and JSON is read page by page in `as_chunks`."""
    return await gather(store, session, user, asked.what, asked.range, MOST_EVENTS if asked.form == "pdf" else 1)


@requires(Feature.PORTFOLIO)
async def as_chunks(session: AsyncSession, user: CurrentUser, asked: Asked, content: Content) -> AsyncIterator[bytes]:
    """Return an export's file in chunks; reading goes on in the session while they are taken."""
    if asked.form == "pdf":
        return _whole(content)
    pages: Pages = event_pages(session, user.id, asked.range)
    return as_csv(content, pages) if asked.form == "csv" else as_json(content, pages)


async def _whole(content: Content) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(as_pdf, content)


def file_name(asked: Asked, content: Content) -> str:
    """Return what a file is called: what is in it, of when, and whether it is of the demo market."""
    demo = "demo-" if content.is_demo else ""
    return f"{demo}portfolio-{asked.what}-{content.made_at:%Y%m%d-%H%M%S}.{asked.form}"
