"""The SQL that walks sealed columns (role premium_worker)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, select, table, update
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed secrets, in a table whose rows `key` tells apart."""

    table: str
    column: str
    key: str = "id"


async def next_rows(session: AsyncSession, sealed: SealedColumn, after: Any, limit: int) -> list[tuple[Any, bytes]]:
    """Return keys and values of rows whose key comes after `after` (None: from the first on), in order."""
    key, value = column(sealed.key), column(sealed.column)
    statement = select(key, value).select_from(table(sealed.table)).where(value.is_not(None)).order_by(key).limit(limit)
    if after is not None:
        statement = statement.where(key > after)
    return [(row[0], bytes(row[1])) for row in await session.execute(statement)]


async def replace(session: AsyncSession, sealed: SealedColumn, key: Any, old: bytes, new: bytes) -> None:
    """Put a value in the place of another, unless that was changed meanwhile."""
    columns = table(sealed.table, column(sealed.key), column(sealed.column))
    await session.execute(
        update(columns)
        .where(columns.c[sealed.key] == key, columns.c[sealed.column] == old)
        .values({sealed.column: new})
    )
