"""The database's own description of itself, and a row of any table for any user, made from it."""

import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.ids import new_id
from backend.portfolio.snapshots.records import hour_of
from backend.privacy.register import HELD

OTHER_SCHEMAS = "n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'"
_COLUMNS = text(f"""
select n.nspname as schema, c.relname as table_name, c.relkind::text as kind, c.relispartition as is_partition,
  c.relrowsecurity as has_row_security, a.attname as column_name, t.typname as type, a.attnotnull as is_required,
  a.atttypmod as modifier, a.attgenerated <> '' or a.attidentity <> '' as is_made,
  (select f.relname from pg_constraint k join pg_class f on f.oid = k.confrelid
    where k.conrelid = c.oid and k.contype = 'f' and k.conkey[array_upper(k.conkey, 1)] = a.attnum limit 1) as parent
from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p', 'm', 'v', 'f') and {OTHER_SCHEMAS}
order by 1, 2, a.attnum
""")
_numbers = count(1)


@dataclass
class Table:
    schema: str
    name: str
    is_partition: bool
    has_row_security: bool
    columns: list[Any] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f'"{self.schema}"."{self.name}"'

    @property
    def known_as(self) -> str:
        """As the register calls it."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


async def all_tables(database: Database) -> dict[str, Table]:
    """Every table of every schema, by the name the register has for it."""
    tables: dict[str, Table] = {}
    async with database.unit_of_work() as session:
        for row in (await session.execute(_COLUMNS)).mappings():
            table = Table(row["schema"], row["table_name"], row["is_partition"], row["has_row_security"])
            tables.setdefault(table.known_as, table).columns.append(row)
    return tables


@dataclass
class Person:
    """A user with a row in every table; `mark` stands in every text of theirs."""

    id: UUID
    mark: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def email(self) -> str:
        return f"{self.mark}@example.com"

    @property
    def address(self) -> str:
        return "0x" + (self.mark.encode().hex() * 3)[:40]

    def traces(self) -> tuple[str, ...]:
        """What gives the person away, as it would stand in a row written as JSON."""
        return str(self.id), self.id.hex, self.mark, self.mark.encode().hex(), self.address


PARTITIONED = ("alert_history", "portfolio_snapshots", "portfolio_rollups")
# Where a made-up value would break a rule of the table; the value may be a function of the person.
SPECIAL: dict[tuple[str, str], Any] = {
    ("premium_users", "id"): lambda person: person.id,
    ("premium_users", "email"): lambda person: person.email,
    ("premium_users", "tier"): "pro",
    ("user_sessions", "kind"): "browser",
    ("account_links", "purpose"): "verify",
    ("account_links", "email"): lambda person: person.email,
    ("user_wallets", "address"): lambda person: person.address,
    ("user_wallets", "kind"): "key",
    ("user_identities", "provider"): "github",
    ("portfolio_wallets", "address"): lambda person: person.address,
    ("portfolio_wallets", "added_by"): "address",
    ("portfolio_wallet_tokens", "token"): lambda person: person.address,
    ("portfolio_wallet_tokens", "found_by"): "transfer",
    ("portfolio_liquidity_positions", "pool"): lambda person: person.address,
    ("portfolio_liquidity_positions", "token0"): lambda person: person.address,
    ("portfolio_liquidity_positions", "token1"): lambda person: person.address,
    ("portfolio_liquidity_positions", "version"): "v3",
    ("portfolio_liquidity_positions", "decimals0"): 18,
    ("portfolio_liquidity_positions", "decimals1"): 18,
    ("portfolio_liquidity_positions", "entry_price"): 2,
    ("portfolio_liquidity_positions", "lower_price"): 1,
    ("portfolio_liquidity_positions", "upper_price"): 3,
    ("portfolio_liquidity_positions", "amount0"): 1,
    ("portfolio_liquidity_positions", "amount1"): None,
    ("portfolio_liquidity_positions", "price_now"): 2,
    ("portfolio_token_verdicts", "token"): lambda person: person.address,
    ("portfolio_token_verdicts", "decided_by"): "filter",
    ("ledger_coverage", "wallet"): lambda person: person.address,
    ("ledger_coverage", "chain_id"): 1,
    ("ledger_coverage", "source"): "chain",
    ("ledger_events", "wallet"): lambda person: person.address,
    ("ledger_events", "chain_id"): 1,
    ("ledger_events", "id"): lambda person: person.id,
    ("ledger_events", "source"): "chain",
    ("ledger_event_tokens", "event_id"): lambda person: person.id,
    ("tax_settings", "separate_years"): [2024],
    ("tax_imports", "state"): "committed",
    ("tax_imports", "work"): "importing",
    ("tax_import_lines", "status"): "known",
    ("tax_import_lines", "transaction_ids"): lambda person: [person.id],
    ("tax_decisions", "what"): "accepted",
    ("tax_transactions", "id"): lambda person: person.id,
    ("tax_transactions", "source"): "file",
    ("tax_reports", "state"): "done",
    ("tax_reports", "jurisdiction"): "US",
    ("tax_reports", "method"): "fifo",
    (
        "tax_reports",
        "settings",
    ): '{"methods": {}, "washSale": false, "perWallet": null, "currency": "USD", "format": "all"}',
    ("tax_reports", "figures"): None,
    ("tax_reports", "changes"): None,
    ("tax_report_files", "content"): lambda person: zlib.compress(person.mark.encode()),
    ("tax_report_disposals", "kind"): "sell",
    ("tax_report_disposals", "parts"): '{"events": [], "term": null, "lots": []}',
    ("target_allocations", "counted_by"): "asset",
    ("target_allocations", "tolerance_pct"): 1,
    ("rebalancing_answers", "answer"): "rejected",
    ("portfolio_wallet_collections", "collection"): lambda person: person.address,
    ("portfolio_collection_verdicts", "collection"): lambda person: person.address,
    ("portfolio_collection_verdicts", "decided_by"): "filter",
    ("scheduled_exports", "what"): "report",
    ("scheduled_exports", "format"): "pdf",
    ("scheduled_exports", "span"): "30d",
    ("scheduled_exports", "every"): "daily",
    ("scheduled_exports", "weekday"): 1,
    ("scheduled_exports", "month_day"): 1,
    ("scheduled_exports", "at"): "08:00",
    ("scheduled_exports", "channel"): "email",
    ("export_runs", "status"): "failed",
    ("alert_rules", "frequency"): "once",
    ("alert_rules", "trigger"): "edge",
    ("alert_rules", "cooldown_seconds"): 0,
    ("alert_rules", "enabled"): False,
    ("alert_rules", "type"): "whale",
    ("notification_outbox", "status"): "dead",
    ("automation_runs", "status"): "done",
    ("recommendation_answers", "answer"): "accepted",
    ("automation_runs", "branch"): "then",
    ("automation_steps", "outcome"): "done",
    ("notification_outbox", "held_for"): "quiet",
    ("notification_channels", "status"): "active",
    ("bot_links", "bot"): "telegram",
    ("notification_settings", "digest"): "off",
    ("notification_settings", "group_seconds"): 0,
    ("mail_outbox", "status"): "dead",
    ("mail_outbox", "recipient"): lambda person: person.email,
    ("user_consents", "purpose"): "analytics",
    ("data_exports", "status"): "failed",
    ("portfolio_snapshots", "hour"): lambda _: hour_of(utc_now()),
    ("portfolio_snapshots", "taken_at"): lambda _: hour_of(utc_now()),
    ("portfolio_rollups", "unit"): "day",
    ("audit_log", "channel"): "page",
    ("subscriptions", "tier"): "pro",
    ("subscriptions", "status"): "active",
    ("subscriptions", "billing_interval"): "month",
    ("audit_log", "action"): "account.tried",
    ("erasure_requests", "due_at"): lambda _: utc_now() + timedelta(days=14),
}


def value_of(table: Table, column: Any, person: Person) -> Any:
    """A value that fits the column and, where it can, gives the person away."""
    name = column["column_name"]
    if (table.name, name) in SPECIAL:
        special = SPECIAL[table.name, name]
        return special(person) if callable(special) else special
    if table.name in HELD and name == HELD[table.name].owner:
        return person.id
    if column["parent"]:
        parent = person.rows.get(column["parent"])
        return person.id if column["parent"] == "premium_users" else parent["id"] if parent else None
    number = next(_numbers)
    longest = column["modifier"] - 4 if column["modifier"] > 4 else 100
    made: dict[str, Any] = {
        "uuid": new_id(),
        "bool": True,
        "timestamptz": utc_now(),
        "date": utc_now().date(),
        "time": utc_now().time(),
        "bytea": f"{person.mark}{number}".encode(),
        "jsonb": orjson.dumps([{"mark": person.mark}]).decode(),
        "_text": [person.mark],
        "_varchar": [person.mark],
        "inet": "192.0.2.7",
        **dict.fromkeys(("varchar", "text", "bpchar"), f"n{number}{person.mark}"[:longest]),
        "int2": number % 30_000,  # some tests make more rows than it has numbers
        **dict.fromkeys(("int4", "int8", "numeric", "float8"), number),
    }
    if column["type"] not in made:
        raise AssertionError(f"no sample for {table.name}.{name} of type {column['type']}: add one to SPECIAL")
    return made[column["type"]]


def insertion(table: Table, person: Person) -> tuple[Any, dict[str, Any]]:
    """A statement that writes a row of the person into a table, with every column filled, and its values."""
    columns = [column for column in table.columns if not column["is_made"] and column["type"] != "xid8"]
    values = {column["column_name"]: value_of(table, column, person) for column in columns}
    casts = {column["column_name"]: f"cast(:{column['column_name']} as {column['type']})" for column in columns}
    names, marks = ", ".join(f'"{name}"' for name in casts), ", ".join(casts.values())
    return text(f"insert into {table.full_name} ({names}) values ({marks})"), values


async def write_row(session: AsyncSession, table: Table, person: Person) -> None:
    """Write a row of the person, as somebody who may."""
    if table.name in PARTITIONED:
        await session.execute(
            text("select ensure_month_partition(cast(:name as regclass), now())"), {"name": table.name}
        )
    statement, values = insertion(table, person)
    await session.execute(statement, values)
    person.rows[table.name] = values


def in_order(tables: list[Table]) -> list[Table]:
    """The tables such that each comes after those it refers to."""
    names, done, ordered = {table.name for table in tables}, set(), []
    while len(ordered) < len(tables):
        before = len(ordered)
        for table in tables:
            parents = {column["parent"] for column in table.columns} & names - {table.name}
            if table.name not in done and parents <= done:
                done.add(table.name)
                ordered.append(table)
        assert len(ordered) > before, f"tables refer to each other in a circle: {names - done}"
    return ordered


async def make_person(database: Database) -> Person:
    """A new user with a row in every table that the register says users have rows in."""
    user_id = new_id()
    person = Person(user_id, f"m{user_id.hex[-9:]}")
    tables = await all_tables(database)
    async with database.unit_of_work() as session:
        for table in in_order([tables[name] for name in HELD]):
            await write_row(session, table, person)
    return person
