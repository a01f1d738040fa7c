"""The SQL of lists of tax transactions: pages of what meets conditions, counts, and what can be chosen from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax.repository import SELECTED

_MORE = """, t.shown_kind, t.edit::text, t.edited_at, t.rule_id,
  (select coalesce(
      jsonb_agg(jsonb_build_object('id', i.id, 'kind', i.kind, 'message', i.message) order by i.id), '[]')::text
    from tax_issues i
    where i.user_id = t.user_id and i.transaction_id = t.id and i.dismissed_at is null) as issues
"""
# Conditions by the name of what is bound.
_CONDITIONS = {
    "since": "t.happened_at >= :since",
    "until": "t.happened_at < :until",
    "asset": "cast(:asset as text) = any(t.assets)",
    "kinds": "t.shown_kind = any(cast(:kinds as text[]))",
    "wallet": "(t.wallet = :wallet or t.to_wallet = :wallet)",
    "source": "t.source = :source",
    "import_id": "t.import_id = :import_id",
    "tx_hash": "t.tx_hash = :tx_hash",
    "edited": "(t.edit is not null or t.rule_id is not null)",
    "open_only": """exists (select from tax_issues i where i.user_id = t.user_id and i.transaction_id = t.id
      and i.dismissed_at is null)""",
}


@cache
def _statement(names: frozenset[str], *, counts: bool, newest_first: bool, has_after: bool) -> TextClause:
    """Return the statement that lists or counts what meets these conditions."""
    where = ["t.user_id = :user_id", *(_CONDITIONS[name] for name in sorted(names))]
    if has_after:
        where.append(f"(t.happened_at, t.id) {'<' if newest_first else '>'} (:after_at, cast(:after_id as uuid))")
    if counts:
        return text(f"select count(*) from tax_transactions t where {' and '.join(where)}")  # noqa: S608 - names from above
    way = "desc" if newest_first else "asc"
    # What is passed over on the way to a place is not read: rows are looked up by the ids of the page alone.
    return text(
        f"select {SELECTED}{_MORE} from (select t.id from tax_transactions t where {' and '.join(where)}"  # noqa: S608
        f" order by t.happened_at {way}, t.id {way} limit :limit offset :offset) p"
        f" join tax_transactions t on t.user_id = :user_id and t.id = p.id order by t.happened_at {way}, t.id {way}"
    )


_FIND = text(f"select {SELECTED}{_MORE} from tax_transactions t where t.user_id = :user_id and t.id = :id")  # noqa: S608
_KNOWN = text("select id from tax_transactions where user_id = :user_id and id = any(cast(:ids as uuid[]))")
_ASSETS = text("""
select asset, count(*) as transactions from tax_transactions t, unnest(t.assets) as asset where t.user_id = :user_id
group by asset order by count(*) desc, asset limit :most
""")
_WALLETS = text("""
select wallet, count(*) as transactions from tax_transactions where user_id = :user_id
group by wallet order by count(*) desc, wallet limit :most
""")
_SPAN = text(
    "select min(happened_at) as first, max(happened_at) as last from tax_transactions where user_id = :user_id"
)
_BOOK = text("select version, synced_at, reviewed_version, left_out from tax_books where user_id = :user_id")


async def page(
    session: AsyncSession,
    user_id: UUID,
    conditions: Mapping[str, Any],
    *,
    newest_first: bool,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    offset: int = 0,
) -> Sequence[Any]:
    """Return rows (COLUMNS, then shown_kind, edit, edited_at, rule_id, issues) of what meets the conditions."""
    statement = _statement(frozenset(conditions), counts=False, newest_first=newest_first, has_after=after is not None)
    values = {**conditions, "user_id": user_id, "limit": limit, "offset": offset}
    if after is not None:
        values |= {"after_at": after[0], "after_id": after[1]}
    return (await session.execute(statement, values)).all()


async def count(session: AsyncSession, user_id: UUID, conditions: Mapping[str, Any]) -> int:
    """Return how many transactions meet the conditions."""
    statement = _statement(frozenset(conditions), counts=True, newest_first=False, has_after=False)
    return (await session.execute(statement, {**conditions, "user_id": user_id})).scalar_one()


async def find(session: AsyncSession, user_id: UUID, transaction_id: UUID) -> Any:
    """Return the row of one transaction, as `page` has it; None when there is none."""
    return (await session.execute(_FIND, {"user_id": user_id, "id": transaction_id})).one_or_none()


async def known(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the ids that are transactions of the user."""
    return set((await session.execute(_KNOWN, {"user_id": user_id, "ids": list(ids)})).scalars())


async def assets(session: AsyncSession, user_id: UUID, most: int) -> Sequence[Any]:
    """Return the assets that most transactions are about, with how many."""
    return (await session.execute(_ASSETS, {"user_id": user_id, "most": most})).all()


async def wallets(session: AsyncSession, user_id: UUID, most: int) -> Sequence[Any]:
    """Return the wallets and accounts with most transactions, with how many."""
    return (await session.execute(_WALLETS, {"user_id": user_id, "most": most})).all()


async def span(session: AsyncSession, user_id: UUID) -> tuple[datetime, datetime] | None:
    """Return the times of the first and the last transaction, None without any."""
    row = (await session.execute(_SPAN, {"user_id": user_id})).one()
    return None if row.first is None else (row.first, row.last)


async def book(session: AsyncSession, user_id: UUID) -> Any:
    """Return version, synced_at, reviewed_version and left_out of a user's book, None before there is one."""
    return (await session.execute(_BOOK, {"user_id": user_id})).one_or_none()
