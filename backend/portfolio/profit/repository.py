"""The SQL of profit and loss, and of how flows came about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

GROWTH = "growth"
_SAVE = text("""
insert into portfolio_profits as p (user_id, taken_at, computed_at, totals)
values (:user_id, :taken_at, :computed_at, cast(:totals as jsonb))
on conflict (user_id) do update set taken_at = excluded.taken_at, computed_at = excluded.computed_at,
  totals = excluded.totals
where excluded.taken_at >= p.taken_at
returning p.user_id
""")
_CLEAR_ASSETS = text("delete from portfolio_profit_assets where user_id = :user_id")
_SAVE_ASSETS = text("""
insert into portfolio_profit_assets (user_id, chain_id, token, figures, lots, trades)
select :user_id, r.chain_id, r.token, r.figures, r.lots, r.trades
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(chain_id bigint, token text, figures jsonb, lots jsonb, trades jsonb)
""")
_SAVE_HEARD = text("update portfolio_profits set heard = cast(:heard as jsonb) where user_id = :user_id")
_PROFIT = text("select taken_at, computed_at, totals, heard from portfolio_profits where user_id = :user_id")
_FIGURES = text("select figures from portfolio_profit_assets where user_id = :user_id order by chain_id, token")
_ASSET = text("""
select a.figures, a.lots, a.trades, p.taken_at
from portfolio_profit_assets a join portfolio_profits p on p.user_id = a.user_id
where a.user_id = :user_id and a.chain_id = :chain_id and a.token = :token
""")
_DIGESTS = text("select hour, digest from portfolio_flows where user_id = :user_id and hour >= :since")
_SAVE_FLOWS = text("""
insert into portfolio_flows as f (user_id, hour, since, net_flow_usd, problems, differences, digest)
select :user_id, r.hour, r.since, r.net_flow_usd, r.problems, r.differences, r.digest
from jsonb_to_recordset(cast(:rows as jsonb)) as r(hour timestamptz, since timestamptz, net_flow_usd numeric,
  problems jsonb, differences jsonb, digest text)
on conflict (user_id, hour) do update set since = excluded.since, net_flow_usd = excluded.net_flow_usd,
  problems = excluded.problems, differences = excluded.differences, digest = excluded.digest
""")
_DROP_FLOWS = text("delete from portfolio_flows where user_id = :user_id and hour < :before")
_FLOW_REASONS = text("""
select r.reason, count(*) as flows from portfolio_flows f, jsonb_array_elements_text(
  f.problems || case when jsonb_array_length(f.differences) > 0 then jsonb_build_array(cast(:growth as text))
    else '[]' end) as r(reason)
where f.user_id = :user_id and f.hour >= :since group by r.reason order by r.reason
""")
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('portfolio profit ' || cast(:user_id as text), 0))")


async def lock(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else counts this user."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def save(
    session: AsyncSession,
    user_id: UUID,
    taken_at: datetime,
    computed_at: datetime,
    totals: str,
    assets: Sequence[Mapping[str, Any]],
) -> bool:
    """Make these figures the user's; return False when those of a later snapshot are there."""
    values = {"user_id": user_id, "taken_at": taken_at, "computed_at": computed_at, "totals": totals}
    if (await session.execute(_SAVE, values)).scalar_one_or_none() is None:
        return False
    await session.execute(_CLEAR_ASSETS, {"user_id": user_id})
    rows = orjson.dumps([dict(each) for each in assets]).decode()
    await session.execute(_SAVE_ASSETS, {"user_id": user_id, "rows": rows})
    return True


async def save_heard(session: AsyncSession, user_id: UUID, heard: Mapping[str, Any]) -> None:
    """Note what alerts heard last."""
    await session.execute(_SAVE_HEARD, {"user_id": user_id, "heard": orjson.dumps(dict(heard)).decode()})


async def profit(session: AsyncSession, user_id: UUID) -> Any:
    """Return taken_at, computed_at, totals, heard of a user, None before the first count."""
    return (await session.execute(_PROFIT, {"user_id": user_id})).one_or_none()


async def figures(session: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """Return the figures of all assets of a user."""
    return list((await session.execute(_FIGURES, {"user_id": user_id})).scalars())


async def asset(session: AsyncSession, user_id: UUID, chain_id: int, token: str) -> Any:
    """Return figures, lots, trades, taken_at of one asset of a user, None when there is none."""
    values = {"user_id": user_id, "chain_id": chain_id, "token": token}
    return (await session.execute(_ASSET, values)).one_or_none()


async def flow_digests(session: AsyncSession, user_id: UUID, since: datetime) -> dict[datetime, str]:
    """Return of what each hour's flow was computed, from an hour on."""
    rows = await session.execute(_DIGESTS, {"user_id": user_id, "since": since})
    return {row.hour: row.digest for row in rows}


async def save_flows(session: AsyncSession, user_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note how flows of hours came about (hour, since, net_flow_usd, problems, differences, digest)."""
    if rows:
        values = {"user_id": user_id, "rows": orjson.dumps([dict(row) for row in rows], default=str).decode()}
        await session.execute(_SAVE_FLOWS, values)


async def drop_flows(session: AsyncSession, user_id: UUID, before: datetime) -> None:
    """Forget how flows before an hour came about; the flows themselves stay with the snapshots."""
    await session.execute(_DROP_FLOWS, {"user_id": user_id, "before": before})


async def flow_reasons(session: AsyncSession, user_id: UUID, since: datetime) -> dict[str, int]:
    """Return why flows since then are unknown, of how many each; GROWTH of those with units that nothing explains."""
    rows = await session.execute(_FLOW_REASONS, {"user_id": user_id, "since": since, "growth": GROWTH})
    return {row.reason: row.flows for row in rows}
