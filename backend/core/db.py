"""PostgreSQL: engines by role, and the unit of work that every edge opens.

The web connects as `premium_app`, which row-level security binds to one user; workers connect as `premium_worker`,
which has policies of its own. Neither is a superuser nor has BYPASSRLS.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine


def driver_url(url: str) -> str:
    """Return `url` with the psycopg driver named, whatever PostgreSQL scheme it came with."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """Return `url` as libpq takes it, for what connects without SQLAlchemy."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """One engine; opens units of work. Make it inside a running process, never at import time."""

    def __init__(self, url: str, pool_size: int = 8) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_timeout=10,
            connect_args={"connect_timeout": 5, "application_name": "premium"},
        )

    @asynccontextmanager
    async def unit_of_work(self, user_id: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits at the end and rolls back on any error.

        With `user_id`, row-level security shows and accepts only that user's rows; without, a `premium_app` session
        sees no user-owned row at all.
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            if user_id is not None:
                await session.execute(
                    text("select set_config('app.current_user_id', :user_id, true)"), {"user_id": str(user_id)}
                )
            yield session

    async def ping(self) -> None:
        """Ask the server for an answer. Raises sqlalchemy.exc.OperationalError when there is none."""
        async with self.engine.connect() as connection:
            await connection.execute(text("select 1"))

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()
