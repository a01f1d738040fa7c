"""TimescaleDB's mode of the store: the same statements on hypertables, isolated by views instead of row security.

Columnstore and row security exclude each other, and under row security chunks read directly show everybody's rows
(measured, ADR 16). So the web's role may read nothing but two security-barrier views, which compare `user_id` with the
setting of the transaction; hypertables, chunks and marks are the worker's.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.db import plain_url
from backend.portfolio.snapshots.repository import Names, NativeStore

VIEWS = Names("my_portfolio_snapshots", "my_portfolio_rollups")
SCHEMA = Path(__file__).with_name("timescale.sql")
_VERSION = text("""
select extversion from pg_extension
where extname = 'timescaledb' and to_regclass('public.my_portfolio_snapshots') is not null
""")


class TimescaleStore(NativeStore):
    """Snapshots in hypertables; their retention is TimescaleDB's own job (timescale.sql)."""

    def __init__(self, session: AsyncSession, role: Literal["web", "worker"]) -> None:
        super().__init__(session, VIEWS if role == "web" else None)

    async def _ensure(self, parent: str, at: datetime) -> None:
        """Chunks are made by TimescaleDB."""


async def timescale_version(session: AsyncSession) -> str | None:
    """Return the version of TimescaleDB in a database that has our schema, None without either."""
    return (await session.execute(_VERSION)).scalar_one_or_none()


def schema_statements() -> Sequence[str]:
    """Return the statements that make the schema, in order; each may be repeated."""
    lines = SCHEMA.read_text().splitlines()
    source = "\n".join(line for line in lines if not line.startswith("--"))
    return [statement.strip() for statement in source.split("\n\n") if statement.strip()]


def install_schema(owner_url: str, statements: Sequence[str] | None = None) -> str:
    """Make the schema in the database at `owner_url` (as its owner); return TimescaleDB's version.

    Raises LookupError when the extension is not there, psycopg.Error when a statement fails.
    """
    with psycopg.connect(plain_url(owner_url), autocommit=True, connect_timeout=5) as connection:
        found = connection.execute("select extversion from pg_extension where extname = 'timescaledb'").fetchone()
        if found is None:
            raise LookupError("TimescaleDB is not in this database: create extension timescaledb")
        for statement in statements or schema_statements():
            connection.execute(statement.encode())
    return str(found[0])
