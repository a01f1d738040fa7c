"""The SQL of what a user has done for their taxes so far."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_DONE = text("""
select
  (select count(*) from tax_imports where user_id = :user_id and state = 'committed') as imports,
  (select count(*) from tax_transactions where user_id = :user_id) as transactions,
  (select count(*) from tax_transactions where user_id = :user_id and source = 'wallet') as of_wallets,
  (select count(*) from tax_reports where user_id = :user_id and year = :year and jurisdiction = :jurisdiction
    and state = 'done') as reports,
  (select count(*) from tax_form_templates where user_id = :user_id and year = :year) as forms,
  (select synced_at from tax_books where user_id = :user_id) as synced_at
""")


async def done_so_far(session: AsyncSession, user_id: UUID, year: int, jurisdiction: str) -> Any:
    """Return the counts of imports, transactions, and finished reports and official forms of a year."""
    return (await session.execute(_DONE, {"user_id": user_id, "year": year, "jurisdiction": jurisdiction})).one()
