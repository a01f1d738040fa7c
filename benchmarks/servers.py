"""What several benchmarks run against: PostgreSQL (fsync) and Redis (AOF) of their own, a web worker, users of it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from backend.accounts.refresh.service import open_program_session
from backend.accounts.schemas import CurrentUser
from backend.accounts.service import issue_access_token
from backend.accounts.signing_keys.service import SigningKeys
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.embedded.ports import free_port
from backend.embedded.postgres import DatabaseUrls, postgres_server
from backend.embedded.redis import redis_server
from backend.embedded.schema import upgrade_schema


@dataclass(frozen=True)
class Servers:
    """Running servers with a migrated database, and a directory that goes with them."""

    directory: Path
    urls: DatabaseUrls
    redis_url: str

    def settings(self, **more: str) -> Settings:
        """Put what a web process needs into this process's environment; return the settings it makes."""
        environment = {**self.urls.environment(), "REDIS_URL": self.redis_url, "VAR_DIR": str(self.directory)}
        os.environ.update({**environment, "ENVIRONMENT": "test", "SECRET_KEY": "benchmarks-only-" * 3, **more})
        return Settings(_env_file=None)  # pyright: ignore[reportCallIssue]


@contextmanager
def servers() -> Iterator[Servers]:
    """Start PostgreSQL and Redis as a real installation has them: both write to the disk."""
    with tempfile.TemporaryDirectory(prefix="premium-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "postgres").mkdir(mode=0o755)
        with (
            postgres_server(directory / "postgres", free_port(), throwaway=False) as postgres,
            redis_server(directory / "redis", free_port(), durable=True) as redis_url,
        ):
            urls = postgres.server.urls()
            upgrade_schema(urls.admin)
            yield Servers(directory, urls, redis_url)


@contextmanager
def web_worker(port: int, *options: str) -> Iterator[int]:
    """Serve the product's API by one granian worker in this process's environment; yields the process's id."""
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--workers", "1", *options, "benchmarks.accounts_server:app"], stdout=subprocess.DEVNULL
    )
    try:
        yield server.pid
    finally:
        server.terminate()
        server.wait(30)


async def users_with_tokens(settings: Settings, count: int) -> list[tuple[CurrentUser, str]]:
    """Make Enterprise users, each with the access token of a program."""
    admin, web = Database(settings.admin_database_url, 2), Database(settings.database_url, 2)
    key, made = await SigningKeys(web).current(), []
    for _ in range(count):
        user = CurrentUser(new_id(), f"{new_id()}@example.com", "enterprise")
        async with admin.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email, tier) values (:id, :email, 'enterprise')"),
                {"id": user.id, "email": user.email},
            )
        async with web.unit_of_work(user.id) as session:
            grant = await open_program_session(session, user, "benchmark", "127.0.0.1")
        made.append((user, issue_access_token(user, grant.session_id, key)))
    await admin.close()
    await web.close()
    return made
