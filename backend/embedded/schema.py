"""Applies the Alembic migrations in this process."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def upgrade_schema(admin_url: str) -> str:
    """Bring the database at `admin_url` (as the schema's owner) to the newest revision, and return that revision.

    Raises sqlalchemy.exc.OperationalError when the database cannot be reached.
    """
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from alembic import command

    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = admin_url
    command.upgrade(config, "head")
    return ScriptDirectory.from_config(config).get_current_head() or "(empty)"
