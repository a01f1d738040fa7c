"""The SQL of rules and history for one user's requests; row-level security holds the rows to that user."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.schemas import HistoryFilter, HistorySort

_COLUMNS = """alert_rules.id, name, alert_rules.type, conditions, actions, enabled, frequency, cooldown_seconds,
  trigger, hysteresis_pct, active_hours, expires_at, snoozed_until, guard, else_actions, paused_by_plan, version,
  created_at, updated_at,
  (select h.triggered_at from alert_history h
    where h.alert_rule_id = alert_rules.id and h.withdrawn_at is null
    order by h.triggered_at desc limit 1) as last_triggered_at"""
_RULE = f"select {_COLUMNS} from alert_rules"  # noqa: S608 - constant text
_MINE = "user_id = :user_id and deleted_at is null"
_RULE_FILTER = f"""where {_MINE} and (cast(:type as text) is null or type = :type)
  and (cast(:enabled as boolean) is null or enabled = :enabled)"""

_LIST_RULES = text(f"{_RULE} {_RULE_FILTER} order by created_at desc, id desc limit :limit offset :offset")
_AUTOMATED = """(guard is not null or else_actions <> '[]'
  or actions @? '$[*] ? (@.type == "enable_rule" || @.type == "disable_rule" || @.type == "trigger_rule")')"""
_LIST_AUTOMATED = text(
    f"{_RULE} where {_MINE} and {_AUTOMATED} order by created_at desc, id desc limit :limit offset :offset"
)
_COUNT_AUTOMATED = text(f"select count(*) from alert_rules where {_MINE} and {_AUTOMATED}")  # noqa: S608 - constant text
_COUNT_RULES = text(f"select count(*) from alert_rules {_RULE_FILTER}")  # noqa: S608 - constant text
_GET_RULE = text(f"{_RULE} where {_MINE} and id = :id")
_LOCK_RULE = text(f"{_RULE} where {_MINE} and id = :id for update")
_FIND_RULES = text(f"""{_RULE} where {_MINE} and (lower(name) = lower(:wanted)
  or length(:wanted) between 4 and 32 and right(replace(cast(id as text), '-', ''), length(:wanted)) = lower(:wanted))
order by created_at desc, id desc limit :limit""")
_INSERT_RULE = text(f"""
insert into alert_rules (id, user_id, name, type, conditions, actions, enabled, frequency, cooldown_seconds, trigger,
  hysteresis_pct, active_hours, expires_at, snoozed_until, guard, else_actions)
values (:id, :user_id, :name, :type, cast(:conditions as jsonb), cast(:actions as jsonb), :enabled, :frequency,
  :cooldown_seconds, :trigger, :hysteresis_pct, cast(:active_hours as jsonb), :expires_at, :snoozed_until,
  cast(:guard as jsonb), cast(:else_actions as jsonb))
returning {_COLUMNS}
""")  # noqa: S608 - constant text
_UPDATE_RULE = text(f"""
update alert_rules set name = :name, type = :type, conditions = cast(:conditions as jsonb),
  actions = cast(:actions as jsonb), enabled = :enabled, paused_by_plan = :paused_by_plan, frequency = :frequency,
  cooldown_seconds = :cooldown_seconds, trigger = :trigger, hysteresis_pct = :hysteresis_pct,
  active_hours = cast(:active_hours as jsonb), expires_at = :expires_at, snoozed_until = :snoozed_until,
  guard = cast(:guard as jsonb), else_actions = cast(:else_actions as jsonb), version = version + 1, updated_at = now()
where {_MINE} and id = :id
returning {_COLUMNS}
""")  # noqa: S608 - constant text
_DELETE_RULE = text(f"""
update alert_rules set deleted_at = now(), enabled = false, paused_by_plan = false, version = version + 1,
  updated_at = now()
where {_MINE} and id = :id returning name
""")  # noqa: S608 - constant text
_USERS_WITH_RULES = text("""
select distinct user_id from alert_rules where user_id = any(cast(:user_ids as uuid[])) and enabled
  and deleted_at is null and (type = :kind or (type = 'multi' and jsonb_path_exists(conditions,
    '$.**.type ? (@ == $kind)', jsonb_build_object('kind', cast(:kind as text)))))
""")
_LOCK_USER = text("select pg_advisory_xact_lock(hashtextextended('alert-rules', 0) # hashtextextended(:user_id, 0))")
_WALLETS = text(f"""
select distinct jsonb_array_elements_text(
  case jsonb_typeof(c -> 'value') when 'array' then c -> 'value' else jsonb_build_array(c -> 'value') end)
from alert_rules, jsonb_array_elements(conditions) as c
where {_MINE} and enabled and (cast(:except_id as uuid) is null or id <> :except_id) and c ->> 'field' = 'wallet'
""")  # noqa: S608 - constant text
# In the order of their ids, as the alert worker takes them, so that neither waits for the other in a circle.
_LOCK_HELD_RULES = text(f"""
select id, enabled, type, conditions, created_at from alert_rules where {_MINE} and (enabled or paused_by_plan)
order by id for no key update
""")  # noqa: S608 - constant text
_SET_PAUSED_BY_PLAN = text("""
update alert_rules set enabled = not :paused, paused_by_plan = :paused, version = version + 1, updated_at = now()
where user_id = :user_id and id = any(cast(:ids as uuid[]))
""")

_ALERTS = """from alert_history h join alert_rules r on r.id = h.alert_rule_id
where h.user_id = :user_id
  and (cast(:type as text) is null or h.type = :type)
  and (cast(:rule_id as uuid) is null or h.alert_rule_id = :rule_id)
  and (cast(:chain_id as bigint) is null or h.chain_id = :chain_id)
  and (cast(:token as text) is null or h.token = lower(:token) or upper(h.event_data ->> 'symbol') = upper(:token))
  and (cast(:status as text) is null or :status = case when h.withdrawn_at is not null then 'withdrawn'
    when h.suppressed then 'suppressed' else 'active' end)
  and (cast(:since as timestamptz) is null or h.triggered_at >= :since)
  and (cast(:until as timestamptz) is null or h.triggered_at < :until)"""
_ALERT = f"""select h.id, h.alert_rule_id as rule_id, r.name as rule_name, h.rule_version, h.type, h.message,
  h.chain_id, h.block_number, h.block_hash, h.tx_hash, h.token, h.event_id, h.event_data as event, h.triggered_at,
  h.recorded_at, h.withdrawn_at, h.withdrawn_reason, h.suppressed {_ALERTS}"""
_NEWEST = "h.triggered_at desc, h.id desc"
_VALUE = "cast(h.event_data ->> 'value_usd' as numeric)"
_ORDERS: dict[HistorySort, str] = {
    "-time": _NEWEST,
    "time": "h.triggered_at, h.id",
    "-value": f"{_VALUE} desc nulls last, {_NEWEST}",
    "value": f"{_VALUE} nulls last, {_NEWEST}",
    "-rule": f"lower(r.name) desc, {_NEWEST}",
    "rule": f"lower(r.name), {_NEWEST}",
    "-type": f"h.type desc, {_NEWEST}",
    "type": f"h.type, {_NEWEST}",
}
_EVERY_ALERT = {sort: text(f"{_ALERT} order by {order}") for sort, order in _ORDERS.items()}
_LIST_ALERTS = {sort: text(f"{_ALERT} order by {order} limit :limit offset :offset") for sort, order in _ORDERS.items()}
_COUNT_ALERTS = text(f"select count(*) {_ALERTS}")

_COUNTS = text("""
select
  (select count(*) from alert_rules where user_id = :user_id and deleted_at is null) as rules_total,
  (select count(*) from alert_rules where user_id = :user_id and deleted_at is null and enabled) as rules_active,
  count(*) filter (where triggered_at > now() - interval '24 hours') as alerts_24h,
  count(*) filter (where triggered_at > now() - interval '24 hours' and withdrawn_at is not null) as withdrawn_24h,
  count(*) filter (where triggered_at >= date_trunc('hour', now()) and withdrawn_at is null and not suppressed)
    as alerts_hour,
  count(*) filter (where triggered_at >= date_trunc('hour', now()) and withdrawn_at is null and suppressed)
    as suppressed_hour,
  count(*) filter (where triggered_at >= date_trunc('day', now(), 'UTC') and withdrawn_at is null and not suppressed)
    as alerts_day,
  count(*) filter (where triggered_at >= date_trunc('day', now(), 'UTC') and withdrawn_at is null and suppressed)
    as suppressed_day,
  max(triggered_at) as newest_alert_at
from alert_history where user_id = :user_id
""")
_TOKENS_BY_SYMBOL = text("""
select chain_id, address, symbol from chain_tokens
where upper(symbol) = any(cast(:symbols as text[])) and chain_id = any(cast(:chain_ids as bigint[]))
order by chain_id, address limit 500
""")
_TOKENS_BY_ADDRESS = text(
    "select chain_id, address, symbol from chain_tokens where address = any(cast(:addresses as text[])) limit 2000"
)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its contract calls itself (untrusted text)."""

    chain_id: int
    address: str
    symbol: str | None


async def lock_user_rules(session: AsyncSession, user_id: UUID) -> None:
    """Let no other transaction count or add rules of this user until this one ends."""
    await session.execute(_LOCK_USER, {"user_id": str(user_id)})


async def list_rules(
    session: AsyncSession, user_id: UUID, kind: str | None, enabled: bool | None, limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """Return rules, newest first, and how many there are in all."""
    values: dict[str, Any] = {"user_id": user_id, "type": kind, "enabled": enabled}
    rows = (await session.execute(_LIST_RULES, {**values, "limit": limit, "offset": offset})).mappings().all()
    return rows, (await session.execute(_COUNT_RULES, values)).scalar_one()


async def list_automated_rules(
    session: AsyncSession, user_id: UUID, limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """Return the rules with a guard, other actions else, or actions on rules, newest first, and how many there are."""
    values: dict[str, Any] = {"user_id": user_id, "limit": limit, "offset": offset}
    rows = (await session.execute(_LIST_AUTOMATED, values)).mappings().all()
    return rows, (await session.execute(_COUNT_AUTOMATED, {"user_id": user_id})).scalar_one()


async def find_rule(session: AsyncSession, user_id: UUID, rule_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """Return a rule that is not deleted, None when the user has no such rule; with `lock` held until the end."""
    statement = _LOCK_RULE if lock else _GET_RULE
    return (await session.execute(statement, {"user_id": user_id, "id": rule_id})).mappings().one_or_none()


async def find_rules(session: AsyncSession, user_id: UUID, wanted: str, limit: int) -> Sequence[RowMapping]:
    """Return the user's rules with this name, or whose id ends so (four characters at least)."""
    values = {"user_id": user_id, "wanted": wanted, "limit": limit}
    return (await session.execute(_FIND_RULES, values)).mappings().all()


async def insert_rule(session: AsyncSession, values: dict[str, Any]) -> RowMapping:
    """Write a new rule and return it."""
    return (await session.execute(_INSERT_RULE, _as_json(values))).mappings().one()


async def update_rule(session: AsyncSession, values: dict[str, Any]) -> RowMapping:
    """Write a rule's new values with the next version number, and return it."""
    return (await session.execute(_UPDATE_RULE, _as_json(values))).mappings().one()


async def delete_rule(session: AsyncSession, user_id: UUID, rule_id: UUID) -> str | None:
    """Mark a rule as deleted and return its name; None when there was none. History keeps pointing at it."""
    result = await session.execute(_DELETE_RULE, {"user_id": user_id, "id": rule_id})
    return result.scalar_one_or_none()


async def watched_wallets(session: AsyncSession, user_id: UUID, except_rule: UUID | None = None) -> set[str]:
    """Return the distinct wallets that the user's active rules watch, those of one rule left out."""
    result = await session.execute(_WALLETS, {"user_id": user_id, "except_id": except_rule})
    return set(result.scalars())


async def lock_held_rules(session: AsyncSession, user_id: UUID) -> list[RowMapping]:
    """Return the rules that are active or paused by the plan, oldest first, held until the transaction ends."""
    rows = (await session.execute(_LOCK_HELD_RULES, {"user_id": user_id})).mappings().all()
    return sorted(rows, key=lambda row: (row["created_at"], row["id"]))


async def set_paused_by_plan(session: AsyncSession, user_id: UUID, ids: Sequence[UUID], *, paused: bool) -> None:
    """Pause rules because of the plan, or make them active again."""
    if ids:
        await session.execute(_SET_PAUSED_BY_PLAN, {"user_id": user_id, "ids": list(ids), "paused": paused})


async def list_alerts(
    session: AsyncSession, user_id: UUID, wanted: HistoryFilter, limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """Return alerts in the wanted order (equal ones newest first), and how many the filter lets through."""
    values = {"user_id": user_id, **wanted.model_dump(exclude={"sort"})}
    statement = _LIST_ALERTS[wanted.sort]
    rows = (await session.execute(statement, {**values, "limit": limit, "offset": offset})).mappings().all()
    return rows, (await session.execute(_COUNT_ALERTS, values)).scalar_one()


async def stream_alerts(session: AsyncSession, user_id: UUID, wanted: HistoryFilter) -> AsyncIterator[RowMapping]:
    """Yield every alert the filter lets through, in the wanted order, from a server-side cursor."""
    values = {"user_id": user_id, **wanted.model_dump(exclude={"sort"})}
    result = await session.stream(_EVERY_ALERT[wanted.sort], values, execution_options={"yield_per": 500})
    async for row in result.mappings():
        yield row


async def counts(session: AsyncSession, user_id: UUID) -> RowMapping:
    """Return the numbers of rules and alerts."""
    return (await session.execute(_COUNTS, {"user_id": user_id})).mappings().one()


async def tokens_by_symbol(session: AsyncSession, symbols: Sequence[str], chain_ids: Sequence[int]) -> list[TokenRow]:
    """Return the tokens on these chains that call themselves so (letter case does not matter)."""
    values = {"symbols": [symbol.upper() for symbol in symbols], "chain_ids": list(chain_ids)}
    return [TokenRow(**row) for row in (await session.execute(_TOKENS_BY_SYMBOL, values)).mappings()]


async def tokens_by_address(session: AsyncSession, addresses: Sequence[str]) -> list[TokenRow]:
    """Return what is known of these token addresses, on any chain."""
    if not addresses:
        return []
    rows = await session.execute(_TOKENS_BY_ADDRESS, {"addresses": list(addresses)})
    return [TokenRow(**row) for row in rows.mappings()]


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return {
        **values,
        "conditions": orjson.dumps(values["conditions"]).decode(),
        "actions": orjson.dumps(values["actions"]).decode(),
        "guard": orjson.dumps(values["guard"]).decode() if values["guard"] else None,
        "else_actions": orjson.dumps(values["else_actions"]).decode(),
        "active_hours": orjson.dumps(values["active_hours"]).decode() if values["active_hours"] else None,
    }


async def users_with_rules(session: AsyncSession, kind: str, user_ids: list[UUID]) -> set[UUID]:
    """Return those of the users who have an active rule of a kind, by itself or in a tree."""
    rows = await session.execute(_USERS_WITH_RULES, {"kind": kind, "user_ids": user_ids})
    return set(rows.scalars())
