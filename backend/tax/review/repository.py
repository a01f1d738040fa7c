"""The SQL of the review: issues, what was decided, and how current the review is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax.review.records import COLUMNS

_SELECTED = ", ".join(f"i.{name}::text" if name == "proposals" else f"i.{name}" for name in COLUMNS)
_TYPES = {
    **dict.fromkeys(("id", "transaction_id"), "uuid"),
    **dict.fromkeys(("happened_at", "dismissed_at"), "timestamptz"),
    **dict.fromkeys(("amount", "at_stake"), "numeric"),
    "proposals": "jsonb",
}
_RECORD = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in COLUMNS)
# What most rests on comes first, what nobody knows the weight of last.
_WEIGHT = "coalesce(-i.at_stake, 1), coalesce(i.happened_at, 'epoch'), i.id"
_WANTED = """
i.user_id = :user_id and (i.dismissed_at is not null) = :is_dismissed
and (cast(:kind as text) is null or i.kind = :kind)
and (cast(:asset as text) is null or i.asset = :asset)
and (cast(:wallet as text) is null or i.wallet = :wallet)
"""
_TRY_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended('tax review ' || cast(:user_id as text), 0))")
_WRITE = text(f"""
insert into tax_issues as i (user_id, {", ".join(COLUMNS)})
select :user_id, {", ".join(f"r.{name}" for name in COLUMNS)}
from jsonb_to_recordset(cast(:rows as jsonb)) as r({_RECORD})
on conflict (user_id, id) do update set
  {", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in ("id", "dismissed_at"))}
""")  # noqa: S608 - names from above
_DELETE_REST = text("delete from tax_issues where user_id = :user_id and id <> all(cast(:ids as uuid[]))")
_DELETE = text("delete from tax_issues where user_id = :user_id and id = any(cast(:ids as uuid[]))")
_DISMISS = text("""
update tax_issues set dismissed_at = :at where user_id = :user_id and id = any(cast(:ids as uuid[]))
""")
_PAGE = text(f"""
select {_SELECTED} from tax_issues i where {_WANTED}
and (coalesce(-i.at_stake, 1), coalesce(i.happened_at, 'epoch'), i.id)
  > (cast(:weight as numeric), :at, cast(:id as uuid))
order by {_WEIGHT} limit :limit
""")  # noqa: S608 - names from above
_HEADS = text(f"""
select {_SELECTED} from (
  select i.*, row_number() over (partition by i.kind order by {_WEIGHT}) as place from tax_issues i where {_WANTED}
) i where i.place <= :limit order by i.kind, i.place
""")  # noqa: S608 - names from above
_SOME = text(f"""
select {_SELECTED} from tax_issues i where i.user_id = :user_id and i.id = any(cast(:ids as uuid[]))
order by {_WEIGHT} for update
""")  # noqa: S608 - names from above
_COUNTS = text(f"""
select i.kind, count(*) as issues, sum(i.at_stake) as at_stake, count(*) - count(i.at_stake) as unknown
from tax_issues i where {_WANTED} group by i.kind
""")  # noqa: S608 - names from above
# An issue with several proposals of a sort must be looked at by itself.
_ANSWERS = text(f"""
select a.sort, min(a.label) as label, count(*) as issues from (
  select p ->> 'sort' as sort, min(p ->> 'label') as label from tax_issues i, jsonb_array_elements(i.proposals) p
  where {_WANTED} group by i.id, 1 having count(*) = 1
) a group by a.sort order by 3 desc, 1
""")  # noqa: S608 - names from above
_CHOICES = text("""
select 'asset' as name, asset as value from tax_issues where user_id = :user_id and asset is not null group by asset
union all
select 'wallet', wallet from tax_issues where user_id = :user_id and wallet is not null group by wallet
order by 1, 2 limit :limit
""")
_STAMP = text("""
select b.version, b.reviewed_version, b.reviewed_at, b.review_step, b.review_problem,
  (select count(*) from tax_issues i where i.user_id = b.user_id and i.dismissed_at is null) as open,
  (select count(*) from tax_issues i where i.user_id = b.user_id and i.dismissed_at is not null) as dismissed
from tax_books b where b.user_id = :user_id
""")
_REVIEWED = text("""
insert into tax_books as b (user_id, reviewed_version, reviewed_at) values (:user_id, :version, :at)
on conflict (user_id) do update set reviewed_version = :version, reviewed_at = :at, review_step = null,
  review_problem = null
""")
_STEP = text("update tax_books set review_step = :step, review_problem = :problem where user_id = :user_id")
_DECIDE = text("""
insert into tax_decisions (id, user_id, made_at, what, title, reason, changes, issues)
values (:id, :user_id, :made_at, :what, :title, :reason, cast(:changes as jsonb), cast(:issues as jsonb))
""")
_DECISIONS = text("""
select id, made_at, what, title, reason, undone_at, (select count(*) from jsonb_object_keys(changes)) as transactions,
  jsonb_array_length(issues) as issues, count(*) over () as total
from tax_decisions where user_id = :user_id and (made_at, id) < (:at, cast(:id as uuid))
order by made_at desc, id desc limit :limit
""")
_DECISION = text("""
select id, what, title, changes::text, issues::text, undone_at from tax_decisions
where user_id = :user_id and id = :id for update
""")
_UNDONE = text("update tax_decisions set undone_at = :at where user_id = :user_id and id = :id")
_START = (Decimal("-Infinity"), datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
_END = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which issues: None asks nothing."""

    kind: str | None = None
    asset: str | None = None
    wallet: str | None = None
    is_dismissed: bool = False

    def values(self, user_id: UUID) -> dict[str, Any]:
        """Return what the statements take."""
        return {
            "user_id": user_id,
            "kind": self.kind,
            "asset": self.asset,
            "wallet": self.wallet,
            "is_dismissed": self.is_dismissed,
        }


async def try_lock(session: AsyncSession, user_id: UUID) -> bool:
    """Return whether nobody else reviews this user's book now; until the transaction ends nobody does."""
    return bool((await session.execute(_TRY_LOCK, {"user_id": str(user_id)})).scalar_one())


async def replace_issues(session: AsyncSession, user_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make these all issues of a user; what was dismissed of them stays so."""
    values = {"user_id": user_id, "rows": orjson.dumps([dict(row) for row in rows]).decode()}
    await session.execute(_DELETE_REST, {"user_id": user_id, "ids": [row["id"] for row in rows]})
    await session.execute(_WRITE, values)


async def bring_back(session: AsyncSession, user_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write issues as they stood (with `dismissed_at`); those that are there stay as dismissed as they are."""
    values = {"user_id": user_id, "rows": orjson.dumps([dict(row) for row in rows]).decode()}
    await session.execute(_WRITE, values)


async def delete_issues(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> None:
    """Delete issues that are settled."""
    await session.execute(_DELETE, {"user_id": user_id, "ids": list(ids)})


async def set_dismissed(session: AsyncSession, user_id: UUID, ids: Sequence[UUID], at: datetime | None) -> None:
    """Put issues aside, or (None) back among the open ones."""
    await session.execute(_DISMISS, {"user_id": user_id, "ids": list(ids), "at": at})


async def issues(
    session: AsyncSession,
    user_id: UUID,
    wanted: Filter,
    after: tuple[Decimal, datetime, UUID] | None,
    limit: int,
) -> Sequence[Any]:
    """Return rows of issues from behind a place on, what most rests on first."""
    weight, at, id_ = after or _START
    values = wanted.values(user_id) | {"weight": weight, "at": at, "id": id_, "limit": limit}
    return (await session.execute(_PAGE, values)).all()


async def heads(session: AsyncSession, user_id: UUID, wanted: Filter, limit: int) -> Sequence[Any]:
    """Return the first so many issues of every kind."""
    return (await session.execute(_HEADS, wanted.values(user_id) | {"limit": limit})).all()


async def some_issues(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> Sequence[Any]:
    """Return issues by id, locked until the transaction ends."""
    return (await session.execute(_SOME, {"user_id": user_id, "ids": list(ids)})).all()


async def counts(session: AsyncSession, user_id: UUID, wanted: Filter) -> Sequence[Any]:
    """Return kind, how many issues, what rests on them and of how many nobody knows that."""
    return (await session.execute(_COUNTS, wanted.values(user_id))).all()


async def answers(session: AsyncSession, user_id: UUID, wanted: Filter) -> Sequence[Any]:
    """Return the sorts of proposals, a label of each, and for how many issues it is the only one of its sort."""
    return (await session.execute(_ANSWERS, wanted.values(user_id))).all()


async def choices(session: AsyncSession, user_id: UUID, limit: int) -> Sequence[Any]:
    """Return (name, value) of the assets and wallets that issues are about."""
    return (await session.execute(_CHOICES, {"user_id": user_id, "limit": limit})).all()


async def stamp(session: AsyncSession, user_id: UUID) -> Any:
    """Return version, reviewed_version, reviewed_at, review_step, review_problem, open, dismissed; None: no book."""
    return (await session.execute(_STAMP, {"user_id": user_id})).one_or_none()


async def note_reviewed(session: AsyncSession, user_id: UUID, version: int, at: datetime) -> None:
    """Note that the issues are those of this version of the book."""
    await session.execute(_REVIEWED, {"user_id": user_id, "version": version, "at": at})


async def note_step(session: AsyncSession, user_id: UUID, step: str | None, problem: str | None = None) -> None:
    """Note what a review is doing (None: nothing any more), and why the last one came to nothing."""
    await session.execute(_STEP, {"user_id": user_id, "step": step, "problem": problem})


async def add_decision(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Keep what was decided (id, user_id, made_at, what, title, reason, changes, issues)."""
    packed = {name: orjson.dumps(values[name]).decode() for name in ("changes", "issues")}
    await session.execute(_DECIDE, {**values, **packed})


async def decisions(
    session: AsyncSession, user_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Any]:
    """Return decisions, the newest first, from before a place on: how many transactions and issues each is about."""
    at, id_ = before or _END
    return (await session.execute(_DECISIONS, {"user_id": user_id, "at": at, "id": id_, "limit": limit})).all()


async def decision(session: AsyncSession, user_id: UUID, decision_id: UUID) -> Any:
    """Return one decision, locked until the transaction ends: changes and issues as JSON text; None: no such one."""
    return (await session.execute(_DECISION, {"user_id": user_id, "id": decision_id})).one_or_none()


async def set_undone(session: AsyncSession, user_id: UUID, decision_id: UUID, at: datetime) -> None:
    """Note that a decision was taken back."""
    await session.execute(_UNDONE, {"user_id": user_id, "id": decision_id, "at": at})
