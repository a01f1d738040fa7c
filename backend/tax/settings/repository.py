"""The SQL of what users choose for their taxes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FIND = text("select * from tax_settings where user_id = :user_id")
_SAVE = text("""
insert into tax_settings (user_id, jurisdiction, currency, methods, per_wallet, timezone, wash_sales,
  liquidity_is_disposal, lending_is_disposal, excluded_wallets, separate_years, changed_at)
values (:user_id, :jurisdiction, :currency, cast(:methods as jsonb), :per_wallet, :timezone, :wash_sales,
  :liquidity_is_disposal, :lending_is_disposal, cast(:excluded_wallets as jsonb),
  :separate_years, :changed_at)
on conflict (user_id) do update set jurisdiction = excluded.jurisdiction, currency = excluded.currency,
  methods = excluded.methods, per_wallet = excluded.per_wallet, timezone = excluded.timezone,
  wash_sales = excluded.wash_sales, liquidity_is_disposal = excluded.liquidity_is_disposal,
  lending_is_disposal = excluded.lending_is_disposal, excluded_wallets = excluded.excluded_wallets,
  separate_years = excluded.separate_years,
  changed_at = excluded.changed_at
""")
_FIND_FILER = text("select * from tax_filers where user_id = :user_id and jurisdiction = :jurisdiction")
_SAVE_FILER = text("""
insert into tax_filers (id, user_id, jurisdiction, name, sealed_tax_id, tax_id_hint, changed_at)
values (:id, :user_id, :jurisdiction, :name, :sealed_tax_id, :tax_id_hint, :changed_at)
on conflict (user_id, jurisdiction) do update set name = excluded.name, sealed_tax_id = excluded.sealed_tax_id,
  tax_id_hint = excluded.tax_id_hint, changed_at = excluded.changed_at
""")
_REMOVE_FILER = text("delete from tax_filers where user_id = :user_id and jurisdiction = :jurisdiction")


async def find(session: AsyncSession, user_id: UUID) -> Any:
    """Return the row of a user's choices, None when they never chose."""
    return (await session.execute(_FIND, {"user_id": user_id})).one_or_none()


async def save(session: AsyncSession, user_id: UUID, values: Mapping[str, Any]) -> None:
    """Make these (columns of the table) a user's choices."""
    row = dict(values)
    for name in ("methods", "excluded_wallets"):
        row[name] = orjson.dumps(row[name]).decode()
    await session.execute(_SAVE, {**row, "user_id": user_id})


async def find_filer(session: AsyncSession, user_id: UUID, jurisdiction: str) -> Any:
    """Return the row of who files in a place, None where nothing was given."""
    return (await session.execute(_FIND_FILER, {"user_id": user_id, "jurisdiction": jurisdiction})).one_or_none()


async def save_filer(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Make these (columns of the table) who files in a place."""
    await session.execute(_SAVE_FILER, dict(values))


async def remove_filer(session: AsyncSession, user_id: UUID, jurisdiction: str) -> None:
    """Forget who files in a place."""
    await session.execute(_REMOVE_FILER, {"user_id": user_id, "jurisdiction": jurisdiction})
