"""Is a server that somebody named in the environment there, and fit for us? Used before a start and by the doctor."""

from dataclasses import dataclass

import psycopg
import redis

from backend.core.logging import mask_text
from backend.core.settings import Settings
from backend.embedded.errors import StartError


@dataclass(frozen=True)
class RoleFacts:
    """What a database says about itself and about the role that asked."""

    version: str
    role: str
    is_superuser: bool
    bypasses_row_security: bool
    revision: str | None


def ask_database(url: str) -> RoleFacts:
    """Ask the PostgreSQL server at `url`. Raises psycopg.OperationalError when it cannot be reached."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, connect_timeout=5, autocommit=True) as connection:
        row = connection.execute(
            "select current_setting('server_version'), rolname, rolsuper, rolbypassrls,"
            " coalesce(has_table_privilege(to_regclass('alembic_version'), 'select'), false)"
            " from pg_roles where rolname = current_user"
        ).fetchone()
        if row is None:
            raise psycopg.OperationalError("the server does not know the role that is logged in")
        revision = None
        if row[4] and connection.execute("select has_table_privilege('alembic_version', 'select')").fetchone() == (
            True,
        ):
            found = connection.execute("select version_num from alembic_version").fetchone()
            revision = found[0] if found else None
        return RoleFacts(row[0].split()[0], row[1], row[2], row[3], revision)


def check_external_database(settings: Settings) -> None:
    """Check that the configured PostgreSQL answers for every role, and that the web's role is bound by row security.

    Raises StartError.
    """
    for variable in ("database_url", "worker_database_url", "admin_database_url"):
        url = getattr(settings, variable)
        if not url:
            continue
        try:
            facts = ask_database(url)
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise StartError(
                f"the database of {variable.upper()} cannot be reached ({mask_text(url)}): {mask_text(reason)}",
                f"start that server or correct {variable.upper()}; without it the embedded PostgreSQL is used",
            ) from None
        if variable != "admin_database_url" and (facts.is_superuser or facts.bypasses_row_security):
            raise StartError(
                f"{variable.upper()} logs in as {facts.role}, which row-level security does not bind",
                "use a role that is neither superuser nor has BYPASSRLS; see docs/runbooks/database.md",
            )


def check_external_redis(url: str) -> str:
    """Return the version of the Redis at `url`. Raises StartError when it cannot be reached or is too old."""
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        version = str(client.info("server")["redis_version"])  # pyright: ignore[reportIndexIssue]
    except redis.RedisError as error:
        raise StartError(
            f"the Redis of REDIS_URL cannot be reached ({mask_text(url)}): {mask_text(str(error))}",
            "start that server or correct REDIS_URL; without it the embedded Redis is used",
        ) from None
    finally:
        client.close()
    if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
        raise StartError(f"the Redis of REDIS_URL is version {version}; 6.2 or later is needed", "update that server")
    return version
