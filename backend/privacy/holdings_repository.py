"""The SQL that reads what the register names: one user's rows of one table after the other, as of one moment."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, column, func, select, table, text
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.ext.asyncio import AsyncSession

from backend.privacy.register import Holding

ROWS_AT_ONCE = 2000


async def read_at_one_moment(session: AsyncSession) -> None:
    """Have all that the transaction reads from now on be as of one moment. Must be its first statement."""
    await session.execute(text("set transaction isolation level repeatable read, read only"))


async def count_rows(session: AsyncSession, name: str, holding: Holding, user_id: UUID) -> int:
    """Return how many rows a user has in a table."""
    source = table(name, column(holding.owner))
    statement = select(func.count()).select_from(source).where(source.c[holding.owner] == _whose(user_id))
    return (await session.execute(statement)).scalar_one()


async def rows_of(
    session: AsyncSession, name: str, holding: Holding, user_id: UUID
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield a user's rows of a table, what leaves of them, a few thousand at once."""
    source = table(name, *(column(each) for each in {*holding.exported, holding.owner}))
    statement = (
        select(*(source.c[each] for each in holding.exported))
        .where(source.c[holding.owner] == _whose(user_id))
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    result = await session.stream(statement)
    async for rows in result.mappings().partitions(ROWS_AT_ONCE):
        yield [dict(row) for row in rows]


def _whose(user_id: UUID) -> Any:
    return bindparam("whose", user_id, PgUuid(as_uuid=True))
