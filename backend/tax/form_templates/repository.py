"""The SQL of official forms that users keep."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LIST = text("""
select form, year, length(content) as size_bytes, sha256, source, added_at from tax_form_templates
where user_id = :user_id order by year desc, form
""")
_CONTENTS = text("select form, content from tax_form_templates where user_id = :user_id and year = :year")
_PUT = text("""
insert into tax_form_templates (user_id, form, year, content, sha256, source, added_at)
values (:user_id, :form, :year, :content, :sha256, :source, :added_at)
on conflict (user_id, form, year) do update set content = excluded.content, sha256 = excluded.sha256,
  source = excluded.source, added_at = excluded.added_at
""")
_REMOVE = text("""
delete from tax_form_templates where user_id = :user_id and form = :form and year = :year returning form
""")


async def list_templates(session: AsyncSession, user_id: UUID) -> Sequence[Any]:
    """Return what a user keeps, without the content: newest year first."""
    return (await session.execute(_LIST, {"user_id": user_id})).all()


async def contents(session: AsyncSession, user_id: UUID, year: int) -> dict[str, bytes]:
    """Return the forms of a year that a user keeps, by form."""
    rows = await session.execute(_CONTENTS, {"user_id": user_id, "year": year})
    return {row.form: bytes(row.content) for row in rows}


async def put(
    session: AsyncSession, user_id: UUID, form: str, year: int, content: bytes, sha256: str, source: str, at: datetime
) -> None:
    """Keep a form, in place of one that was there."""
    values = {"user_id": user_id, "form": form, "year": year, "content": content, "sha256": sha256, "source": source}
    await session.execute(_PUT, {**values, "added_at": at})


async def remove(session: AsyncSession, user_id: UUID, form: str, year: int) -> bool:
    """Keep a form no longer; return whether it was there."""
    found = await session.execute(_REMOVE, {"user_id": user_id, "form": form, "year": year})
    return found.scalar_one_or_none() is not None
