"""Runs migrations as the owner of the schema, one process at a time.

The address comes from the caller (`config.attributes["url"]`), else from ADMIN_DATABASE_URL. It is never put into
alembic's configuration, which would interpret a `%` in a password.
"""

from sqlalchemy import create_engine, pool, text
from sqlmodel import SQLModel

import backend.models_registry  # noqa: F401 - makes SQLModel.metadata complete
from alembic import context
from backend.core.db import driver_url
from backend.core.settings import get_settings

MIGRATION_LOCK = 7000
SQLModel.metadata.naming_convention = {
    "ix": "idx_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _include(_object, name: str | None, kind: str, _reflected: bool, _compare_to) -> bool:
    """Leave monthly partitions out of comparisons: they are made on demand."""
    return not (kind == "table" and name is not None and "_y2" in name)


def run_migrations() -> None:
    """Bring the schema to the wanted revision, holding an advisory lock meanwhile."""
    url = context.config.attributes.get("url") or get_settings().admin_database_url
    if not url:
        raise SystemExit("ADMIN_DATABASE_URL is not set: it names the database as the owner of the schema")
    engine = create_engine(driver_url(url), poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            compare_type=True,
            include_object=_include,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql", target_metadata=SQLModel.metadata, literal_binds=True, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    run_migrations()
