"""The SQL of the leaderboard. The web sees the user's own membership, and of the board no member's id."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_MINE = text("select id, pseudonym, joined_at, standing, checked_at from leaderboard_members where user_id = :user_id")
_JOIN = text("""
insert into leaderboard_members (id, user_id, pseudonym, pseudonym_key)
values (:id, :user_id, :pseudonym, :key) on conflict do nothing returning id
""")
_LEAVE = text("delete from leaderboard_members where user_id = :user_id returning pseudonym")
_BOARD = text("""
select place, pseudonym, return_pct, ranked_at from leaderboard_rows where period = :period
order by place, lower(pseudonym) limit :most
""")
_MEMBERS = text("""
select id, user_id, pseudonym from leaderboard_members
where cast(:after as uuid) is null or id > cast(:after as uuid) order by id limit :most
""")
_WALLETS = text("""
select user_id, array_agg(address) as addresses from portfolio_wallets
where user_id = any(cast(:users as uuid[])) and not paused_by_plan group by user_id
""")
_CLEAR = text("delete from leaderboard_rows where period = :period")
_PUBLISH = text("""
insert into leaderboard_rows (period, member_id, place, pseudonym, return_pct, ranked_at)
select :period, m.id, r.place, m.pseudonym, r.return_pct, :ranked_at
from jsonb_to_recordset(cast(:rows as jsonb)) as r(member_id uuid, place integer, return_pct numeric)
join leaderboard_members m on m.id = r.member_id
""")
_NOTE = text("""
update leaderboard_members m set standing = r.standing, checked_at = :checked_at
from jsonb_to_recordset(cast(:rows as jsonb)) as r(member_id uuid, standing jsonb) where m.id = r.member_id
""")
_ALONE = text("select pg_advisory_xact_lock(7043)")


async def mine(session: AsyncSession, user_id: UUID) -> Any:
    """Return a user's membership, None when they have not joined."""
    return (await session.execute(_MINE, {"user_id": user_id})).one_or_none()


async def join(session: AsyncSession, member_id: UUID, user_id: UUID, pseudonym: str) -> bool:
    """Add a member; return False when the name is taken, or the user has one already."""
    values = {"id": member_id, "user_id": user_id, "pseudonym": pseudonym, "key": pseudonym.casefold()}
    return (await session.execute(_JOIN, values)).scalar_one_or_none() is not None


async def leave(session: AsyncSession, user_id: UUID) -> str | None:
    """Remove a user's membership, and with it their places; return the name."""
    return (await session.execute(_LEAVE, {"user_id": user_id})).scalar_one_or_none()


async def board(session: AsyncSession, period: str, most: int) -> Sequence[Any]:
    """Return the published places of a period, the best first."""
    return (await session.execute(_BOARD, {"period": period, "most": most})).all()


async def members(session: AsyncSession, after: UUID | None, most: int) -> Sequence[Any]:
    """Return up to so many members in the order of their ids, from after one of them."""
    return (await session.execute(_MEMBERS, {"after": after, "most": most})).all()


async def wallets_of(session: AsyncSession, users: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return the addresses that are read for each user's portfolio."""
    return {row.user_id: row.addresses for row in await session.execute(_WALLETS, {"users": list(users)})}


async def publish(session: AsyncSession, period: str, rows: Sequence[dict[str, Any]], ranked_at: datetime) -> None:
    """Put these places where the period's were; whoever has left meanwhile is in none."""
    await session.execute(_ALONE)
    await session.execute(_CLEAR, {"period": period})
    values = {"period": period, "rows": orjson.dumps(list(rows), default=str).decode(), "ranked_at": ranked_at}
    await session.execute(_PUBLISH, values)


async def note_standings(session: AsyncSession, rows: Sequence[dict[str, Any]], checked_at: datetime) -> None:
    """Note how members stand, for themselves."""
    values = {"rows": orjson.dumps(list(rows), default=str).decode(), "checked_at": checked_at}
    await session.execute(_NOTE, values)
