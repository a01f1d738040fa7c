"""Applies the Alembic migrations in this process, and knows when there is nothing to apply."""

import hashlib
import json

from backend.core.settings import ROOT, Settings

_INPUTS = ("alembic/versions", "backend/accounts")


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


class SchemaNote:
    """What the database was last migrated and seeded with: saves a start the two seconds of finding nothing to do."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.admin_database_url
        self._file = settings.var_dir / "run" / "schema.json"
        digest = hashlib.sha256(
            f"{self._url}|{settings.demo_email}|{settings.demo_password.get_secret_value()}".encode()
        )
        for path in sorted(path for folder in _INPUTS for path in (ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
        self._key = digest.hexdigest()
        self.revision = ""

    def is_current(self) -> bool:
        """Return True when nothing changed since `write`, and the database is still at that revision."""
        import psycopg

        from backend.embedded.checks import ask_database

        try:
            noted = json.loads(self._file.read_text())
            self.revision = noted["revision"]
            return noted["key"] == self._key and ask_database(self._url).revision == self.revision
        except (OSError, ValueError, KeyError, TypeError, psycopg.OperationalError):
            return False

    def write(self, revision: str) -> None:
        """Note that the database is at `revision` and seeded."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"key": self._key, "revision": revision}))
