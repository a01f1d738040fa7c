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
    return 0
