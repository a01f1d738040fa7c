"""`premium migrate`: brings the schema to the newest revision."""

import sys

from backend.core.logging import mask_text
from backend.core.settings import Settings


def migrate(settings: Settings) -> int:
    """Apply the migrations as the owner of the schema; return the exit code."""
    from sqlalchemy.exc import OperationalError

    from backend.embedded.schema import upgrade_schema

    if not settings.admin_database_url:
        print(
            "ADMIN_DATABASE_URL is not set: it names your database as the owner of the schema.\n"
            "  (premium run migrates the embedded database by itself.)",
            file=sys.stderr,
        )
        return 1
    try:
        revision = upgrade_schema(settings.admin_database_url)
    except OperationalError as error:
        print(f"The database cannot be reached: {mask_text(str(error.orig).strip())}", file=sys.stderr)
        return 1
    print(f"The schema is at revision {revision}.")
    return _timescale(settings.admin_timeseries_url) if settings.admin_timeseries_url else 0


def _timescale(owner_url: str) -> int:
    """Make the schema of portfolio snapshots in TimescaleDB."""
    import psycopg

    from backend.portfolio.snapshots.service import install_schema

    try:
        version = install_schema(owner_url)
    except (LookupError, psycopg.Error) as error:
        print(f"Snapshots cannot be in that database: {mask_text(str(error).strip())}", file=sys.stderr)
        return 1
    print(f"Portfolio snapshots have their schema in TimescaleDB {version}.")
    return 0
