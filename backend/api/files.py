"""Answers that are files to keep: streamed, named by what is in them and when they were made."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from backend.core.clock import utc_now

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"text/csv": {}, "application/json": {}}}
}


async def file_response(name: str, form: str, chunks: AsyncIterator[bytes]) -> StreamingResponse:
    """Return the chunks of a `csv` or `json` file as a download. What fails before the first chunk fails as usual."""
    file_name = f"{name}-{utc_now():%Y%m%d-%H%M%S}.{form}"
    return StreamingResponse(
        await started(chunks),
        media_type=_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


async def started(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return `chunks` once the first is there, so that a failure still becomes an envelope and not half a file."""
    first = await anext(chunks, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return all_of_them()
