"""The SQL of a portfolio's wallets, and of the chains and tokens that were found for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:user_id as text), 7025))")
_LIST = text("select * from portfolio_wallets order by added_at, id")
_INSERT = text("""
insert into portfolio_wallets (id, user_id, address, label, group_name, ens_name, added_by)
values (:id, :user_id, :address, :label, :group_name, :ens_name, :added_by)
on conflict (user_id, address) do nothing returning *
""")
_UPDATE = text("""
update portfolio_wallets set label = :label, group_name = :group_name where id = :id returning *
""")
_DELETE = text("delete from portfolio_wallets where id = :id returning address")
_OF_USER = text("select id, paused_by_plan from portfolio_wallets where user_id = :user_id order by added_at, id")
_PAUSE = text("""
update portfolio_wallets set paused_by_plan = w.paused
from unnest(cast(:ids as uuid[]), cast(:paused as boolean[])) w(id, paused)
where portfolio_wallets.id = w.id and user_id = :user_id
""")
_CHAINS = text("""
select c.* from portfolio_wallet_chains c join portfolio_wallets w on w.id = c.wallet_id
order by w.added_at, c.chain_id
""")
_USERS = text("""
select distinct user_id from portfolio_wallets
where not paused_by_plan and (cast(:after as uuid) is null or user_id > cast(:after as uuid))
order by user_id limit :most
""")
_READABLE = text("""
select w.user_id, w.id as wallet_id, w.address, c.chain_id, c.is_active, c.checked_at,
  coalesce((select array_agg(t.token order by t.token) from portfolio_wallet_tokens t
    where t.wallet_id = w.id and t.chain_id = c.chain_id
      and not exists (select from portfolio_token_verdicts v where v.user_id = w.user_id and v.chain_id = t.chain_id
        and v.token = t.token and v.is_spam)), '{}') as tokens,
  coalesce((select array_agg(t.token order by t.token) from portfolio_wallet_tokens t
    join portfolio_token_verdicts v on v.user_id = w.user_id and v.chain_id = t.chain_id and v.token = t.token
    where t.wallet_id = w.id and t.chain_id = c.chain_id and v.is_spam and v.decided_by = 'filter'), '{}') as spam
from portfolio_wallets w left join portfolio_wallet_chains c on c.wallet_id = w.id
where w.user_id = any(cast(:users as uuid[])) and not w.paused_by_plan
order by w.user_id, w.added_at, w.id, c.chain_id
""")
_OF_USERS = text("""
select id, user_id, address, ens_name, discovered_at from portfolio_wallets
where user_id = any(cast(:users as uuid[])) and not paused_by_plan order by user_id, added_at, id
""")
_HELD = text("""
select w.user_id, w.address, c.chain_id, c.is_active from portfolio_wallets w
left join portfolio_wallet_chains c on c.wallet_id = w.id
where w.user_id = any(cast(:users as uuid[])) and not w.paused_by_plan
order by w.user_id, w.added_at, w.id, c.chain_id for key share of w
""")
_NOTE_CHAINS = text("""
insert into portfolio_wallet_chains
  (wallet_id, user_id, chain_id, is_active, nonce, balance_raw, block_number, problem, checked_at)
select r.wallet_id, w.user_id, r.chain_id, r.is_active, r.nonce, r.balance_raw, r.block_number, r.problem, r.checked_at
from jsonb_to_recordset(cast(:rows as jsonb)) as r(wallet_id uuid, chain_id bigint, is_active boolean, nonce bigint,
  balance_raw numeric, block_number bigint, problem text, checked_at timestamptz)
join portfolio_wallets w on w.id = r.wallet_id
on conflict (wallet_id, chain_id) do update set
  is_active = case when excluded.is_active is null then portfolio_wallet_chains.is_active
    else excluded.is_active or coalesce(portfolio_wallet_chains.is_active, false) end,
  nonce = coalesce(excluded.nonce, portfolio_wallet_chains.nonce),
  balance_raw = coalesce(excluded.balance_raw, portfolio_wallet_chains.balance_raw),
  block_number = coalesce(excluded.block_number, portfolio_wallet_chains.block_number),
  problem = excluded.problem, checked_at = excluded.checked_at
""")
_SET_NAME = text("update portfolio_wallets set ens_name = :name where id = :id")
_DISCOVERED = text("update portfolio_wallets set discovered_at = :at where id = any(cast(:ids as uuid[]))")


async def lock_wallets(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else counts or adds wallets of this user."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def list_wallets(session: AsyncSession) -> Sequence[Any]:
    """Return the wallets of the unit of work's user, the oldest first."""
    return (await session.execute(_LIST)).all()


async def insert_wallet(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Add a wallet and return its row, None when the user has it already."""
    return (await session.execute(_INSERT, values)).one_or_none()


async def update_wallet(session: AsyncSession, wallet_id: UUID, label: str, group_name: str) -> Any:
    """Call a wallet of the unit of work's user something; return its row, None when there is none."""
    values = {"id": wallet_id, "label": label, "group_name": group_name}
    return (await session.execute(_UPDATE, values)).one_or_none()


async def delete_wallet(session: AsyncSession, wallet_id: UUID) -> str | None:
    """Remove a wallet of the unit of work's user; return its address, None when there is none."""
    return (await session.execute(_DELETE, {"id": wallet_id})).scalar_one_or_none()


async def wallets_of(session: AsyncSession, user_id: UUID) -> Sequence[Any]:
    """Return id and paused_by_plan of a user's wallets, the oldest first."""
    return (await session.execute(_OF_USER, {"user_id": user_id})).all()


async def set_paused(session: AsyncSession, user_id: UUID, paused: dict[UUID, bool]) -> None:
    """Note which wallets the plan leaves out."""
    if paused:
        values = {"user_id": user_id, "ids": list(paused), "paused": list(paused.values())}
        await session.execute(_PAUSE, values)


async def chains_of_wallets(session: AsyncSession) -> Sequence[Any]:
    """Return what was found of chains for the wallets of the unit of work's user."""
    return (await session.execute(_CHAINS)).all()


async def users_with_wallets(session: AsyncSession, after: UUID | None, most: int) -> list[UUID]:
    """Return up to so many users that have wallets to read, in the order of their ids, from after one of them."""
    return list((await session.execute(_USERS, {"after": after, "most": most})).scalars())


async def readable(session: AsyncSession, users: Sequence[UUID]) -> Sequence[RowMapping]:
    """Return user, wallet, chain, whether it is active there, the tokens to read and those the filter took for spam.

    Chain None: never looked for.
    """
    return (await session.execute(_READABLE, {"users": list(users)})).mappings().all()


async def wallets_of_users(session: AsyncSession, users: Sequence[UUID]) -> Sequence[Any]:
    """Return id, user, address, ENS name and the time of the last discovery of the wallets that are read."""
    return (await session.execute(_OF_USERS, {"users": list(users)})).all()


async def hold_wallets(session: AsyncSession, users: Sequence[UUID]) -> Sequence[Any]:
    """Return user, address, chain and is_active of the wallets that are read; none is removed meanwhile.

    Chain None: never looked for.
    """
    return (await session.execute(_HELD, {"users": list(users)})).all()


async def note_chains(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note what was found of wallets on chains; once active stays active, and what failed keeps what was known."""
    await session.execute(_NOTE_CHAINS, {"rows": orjson.dumps(rows).decode()})


async def set_ens_name(session: AsyncSession, wallet_id: UUID, name: str | None) -> None:
    """Note the ENS name of a wallet."""
    await session.execute(_SET_NAME, {"id": wallet_id, "name": name})


async def note_discovered(session: AsyncSession, wallet_ids: Sequence[UUID], at: datetime) -> None:
    """Note when chains and tokens of wallets were last looked for."""
    await session.execute(_DISCOVERED, {"ids": list(wallet_ids), "at": at})
