"""Every table that holds something of a user, found in the catalogue: what is added later is exported by itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, column, select, table, text
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.ext.asyncio import AsyncSession

# What proves something to us, or opens something elsewhere, does not belong in a file that travels.
LEFT_OUT_TABLES = frozenset({"data_export_parts"})
LEFT_OUT_COLUMNS = frozenset({"password_hash", "token_hash", "secret_hash", "old_secret_hash"})
ROWS_AT_ONCE = 500
_COLUMNS = text("""
select c.relname as table_name, array_agg(a.attname::text order by a.attnum) as columns,
  array_agg(a.attname::text order by a.attnum) filter (where t.typname = 'bytea') as secrets
from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
  and (c.relname = 'premium_users' or exists (
    select from pg_attribute o where o.attrelid = c.oid and o.attname = 'user_id' and not o.attisdropped))
group by c.relname order by c.relname
""")


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table with rows of users: the columns that may leave, and the column that says whose a row is."""

    name: str
    columns: tuple[str, ...]
    owner: str


async def owned_tables(session: AsyncSession) -> list[OwnedTable]:
    """Return every table with rows of users. Raw bytes (hashes and sealed secrets) never leave, nor what is listed."""
    found = []
    for row in (await session.execute(_COLUMNS)).mappings():
        if row["table_name"] in LEFT_OUT_TABLES:
            continue
        closed = LEFT_OUT_COLUMNS | set(row["secrets"] or ())
        columns = tuple(name for name in row["columns"] if name not in closed)
        found.append(
            OwnedTable(row["table_name"], columns, "id" if row["table_name"] == "premium_users" else "user_id")
        )
    return found


async def read_at_one_moment(session: AsyncSession) -> None:
    """Have all that the transaction reads from now on be as of one moment. Must be its first statement."""
    await session.execute(text("set transaction isolation level repeatable read"))


async def rows_of(session: AsyncSession, owned: OwnedTable, user_id: UUID) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield a user's rows of a table, some hundred at once."""
    source = table(owned.name, *(column(name) for name in {*owned.columns, owned.owner}))
    statement = (
        select(*(source.c[name] for name in owned.columns))
        .where(source.c[owned.owner] == bindparam("wanted", user_id, PgUuid(as_uuid=True)))
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    result = await session.stream(statement)
    async for rows in result.mappings().partitions(ROWS_AT_ONCE):
        yield [dict(row) for row in rows]
