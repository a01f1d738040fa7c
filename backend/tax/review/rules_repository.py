"""The SQL of rules, and of the transactions that they are about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax.repository import SELECTED
from backend.tax.review.matching import Matches

_SOURCE = f"select {SELECTED}, t.edit::text, t.rule_id, t.shown_kind from tax_transactions t"  # noqa: S608 - names
_RULES = text("""
select r.id, r.name, r.matches, r.sets::text, r.created_at,
  (select count(*) from tax_transactions t where t.rule_id = r.id and t.user_id = r.user_id) as transactions
from tax_rules r where r.user_id = :user_id order by r.created_at desc, r.id desc
""")
_INSERT = text("""
insert into tax_rules (id, user_id, name, matches, sets, created_at)
values (:id, :user_id, :name, cast(:matches as jsonb), cast(:sets as jsonb), :created_at)
""")
_DELETE = text("delete from tax_rules where user_id = :user_id and id = :id returning name")
# Wider than the rule is: letters of other alphabets are compared by `matching` alone.
_CANDIDATES = text(f"""
{_SOURCE}
where t.user_id = :user_id and (t.happened_at, t.id) > (:after_at, cast(:after_id as uuid))
and (cast(:kind as text) is null or t.kind = :kind)
and (cast(:wallet as text) is null or lower(t.wallet) = :wallet or lower(t.to_wallet) = :wallet)
and (cast(:protocol as text) is null or lower(t.protocol) = :protocol)
and (cast(:asset as text) is null or cast(:asset as text) = any(t.assets))
and (cast(:counterparty as text) is null or exists (select from jsonb_array_elements(t.legs) l
  where lower(l ->> 'counterparty') = :counterparty))
order by t.happened_at, t.id limit :limit
""")
_DECIDED = text(f"{_SOURCE} where t.user_id = :user_id and t.rule_id = :rule_id order by t.happened_at, t.id")
_SOME = text(f"""
{_SOURCE} where t.user_id = :user_id and t.id = any(cast(:ids as uuid[])) order by t.happened_at, t.id
""")
_SET = text("""
update tax_transactions t set rule_id = r.rule_id, shown_kind = coalesce(t.edit ->> 'kind',
  (select u.sets ->> 'kind' from tax_rules u where u.id = r.rule_id and u.user_id = t.user_id), t.kind)
from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, rule_id uuid)
where t.user_id = :user_id and t.id = r.id and t.rule_id is distinct from r.rule_id
returning t.id
""")
_EARLIEST = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def rules(session: AsyncSession, user_id: UUID) -> Sequence[Any]:
    """Return id, name, matches, sets (JSON text), created_at and how many transactions each decides, newest first."""
    return (await session.execute(_RULES, {"user_id": user_id})).all()


async def insert_rule(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Write a rule (id, user_id, name, matches, sets, created_at)."""
    packed = {name: orjson.dumps(values[name]).decode() for name in ("matches", "sets")}
    await session.execute(_INSERT, {**values, **packed})


async def delete_rule(session: AsyncSession, user_id: UUID, rule_id: UUID) -> str | None:
    """Delete a rule; return what it was called, None when there is none."""
    return (await session.execute(_DELETE, {"user_id": user_id, "id": rule_id})).scalar_one_or_none()


async def candidates(
    session: AsyncSession, user_id: UUID, wanted: Matches, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Any]:
    """Return rows of transactions that may be what a rule is about, in time, from behind (time, id) on.

    After the columns of a transaction come `edit` as JSON text, `rule_id` and `shown_kind`.
    """
    after_at, after_id = after or _EARLIEST
    values = {
        "user_id": user_id,
        "after_at": after_at,
        "after_id": after_id,
        "kind": None if wanted.kind is None else wanted.kind.value,
        "wallet": _plain(wanted.wallet),
        "protocol": _plain(wanted.protocol),
        "asset": wanted.asset,
        "counterparty": _plain(wanted.counterparty),
        "limit": limit,
    }
    return (await session.execute(_CANDIDATES, values)).all()


async def decided_by(session: AsyncSession, user_id: UUID, rule_id: UUID) -> Sequence[Any]:
    """Return the rows of the transactions that a rule decides, as `candidates` has them."""
    return (await session.execute(_DECIDED, {"user_id": user_id, "rule_id": rule_id})).all()


async def some_transactions(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> Sequence[Any]:
    """Return the rows of transactions by id, as `candidates` has them."""
    return (await session.execute(_SOME, {"user_id": user_id, "ids": list(ids)})).all()


async def set_rules(session: AsyncSession, user_id: UUID, deciding: Mapping[UUID, UUID | None]) -> int:
    """Note which rule decides each transaction (None: no rule); return of how many that is another than before."""
    rows = [{"id": str(id_), "rule_id": None if rule is None else str(rule)} for id_, rule in deciding.items()]
    values = {"user_id": user_id, "rows": orjson.dumps(rows).decode()}
    return len((await session.execute(_SET, values)).all())


def _plain(value: str | None) -> str | None:
    return value.lower() if value is not None and value.isascii() else None
