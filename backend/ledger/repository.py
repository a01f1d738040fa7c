"""The SQL of the event ledger: events with their legs, the tokens they are about, and what is covered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.records import COLUMNS, Place

_SELECTED = ", ".join(f"e.{name}::text" if name in ("legs", "approvals") else f"e.{name}" for name in COLUMNS)
_ORDER = ("happened_at", "chain_id", "block_number", "tx_index", "number")
# Conditions by the name of what is bound; those about the order begin with where the index does.
_CONDITIONS = {
    "wallets": "e.wallet = any(cast(:wallets as text[]))",
    "chains": "e.chain_id = any(cast(:chains as bigint[]))",
    "kinds": "e.kind = any(cast(:kinds as text[]))",
    "protocol": "e.protocol = :protocol",
    "identifiers": "e.identifiers @> cast(:identifiers as jsonb)",
    "since": "{o}.happened_at >= :since",
    "until": "{o}.happened_at < :until",
    "token": "t.token = :token",
    "tx_hash": "e.tx_hash = :tx_hash",
    # Transfers of nothing but these tokens ("chain:token").
    "without": """not (e.kind = 'transfer' and e.legs <> '[]' and not exists (
        select from jsonb_array_elements(e.legs) l
        where (e.chain_id || ':' || (l ->> 'token')) <> all(cast(:without as text[]))))""",
}


@cache
def _listing(names: frozenset[str], *, counts: bool, newest_first: bool, has_after: bool) -> TextClause:
    """Return the statement that lists or counts what meets these conditions."""
    by_token = "token" in names
    o, last = ("t", "t.event_id") if by_token else ("e", "e.id")
    tables = "ledger_events e"
    if by_token:
        tables = "ledger_event_tokens t join ledger_events e on e.user_id = t.user_id and e.id = t.event_id"
    where = [f"{o}.user_id = :user_id", "e.withdrawn_at is null"]
    where += [_CONDITIONS[name].format(o=o) for name in sorted(names)]
    keys = ", ".join([f"{o}.{name}" for name in _ORDER] + [last])
    if has_after:
        bound = ", ".join([f":after_{name}" for name in _ORDER] + [":after_id"])
        where.append(f"({keys}) {'<' if newest_first else '>'} ({bound})")
    if counts:
        return text(f"select count(*) from {tables} where {' and '.join(where)}")  # noqa: S608 - names from above
    way = " desc" if newest_first else ""
    ordered = ", ".join(f"{key}{way}" for key in keys.split(", "))
    return text(
        f"select {_SELECTED} from {tables} where {' and '.join(where)}"  # noqa: S608 - names from above
        f" order by {ordered} limit :limit offset :offset"
    )


_EVENT = text(
    f"select {_SELECTED} from ledger_events e where e.user_id = :user_id and e.id = :id and e.withdrawn_at is null"  # noqa: S608
)
_COVERAGE = text("""
select * from ledger_coverage where user_id = :user_id
  and (cast(:wallets as text[]) is null or wallet = any(cast(:wallets as text[]))) order by wallet, chain_id
""")
_OPEN = text("""
insert into ledger_coverage (user_id, wallet, chain_id)
select cast(:user_id as uuid), w.wallet, w.chain_id
from unnest(cast(:wallets as text[]), cast(:chains as bigint[])) as w(wallet, chain_id)
on conflict do nothing
""")
_MOVE = text("""
update ledger_coverage set from_block = :from_block, to_block = :to_block, to_block_at = :to_block_at,
  native_is_known = :native_is_known, reached_start = :reached_start, source = :source, checked_at = :checked_at,
  problem = :problem, version = version + 1
where user_id = :user_id and wallet = :wallet and chain_id = :chain_id and version = :version
returning version
""")
_FORGET = text("delete from ledger_coverage where user_id = :user_id and wallet = :wallet")
_GONE = text("""
delete from ledger_events where user_id = :user_id and wallet = :wallet and chain_id = :chain_id
  and block_number between :first and :last and id <> all(cast(:ids as uuid[])) returning id
""")
_GONE_OF = text("""
delete from ledger_events where user_id = :user_id and wallet = :wallet and chain_id = :chain_id
  and tx_hash = any(cast(:hashes as text[])) and id <> all(cast(:ids as uuid[])) returning id
""")
_WRITTEN = (
    *("id", "wallet", "chain_id", "kind", "happened_at", "block_number", "block_hash", "tx_hash", "tx_index"),
    *("number", "source", "legs", "approvals", "protocol", "counterparty", "identifiers", "method", "fee_wei"),
    *("fee_price_usd", "succeeded", "problem", "decoder_version", "digest", "price_due_at"),
)
_TYPES = {
    **dict.fromkeys(("chain_id", "block_number"), "bigint"),
    **dict.fromkeys(("tx_index", "number", "decoder_version"), "int"),
    **dict.fromkeys(("happened_at", "price_due_at"), "timestamptz"),
    **dict.fromkeys(("legs", "approvals", "identifiers"), "jsonb"),
    **dict.fromkeys(("fee_wei", "fee_price_usd"), "numeric"),
    "id": "uuid",
    "succeeded": "boolean",
}
_WRITE = text(f"""
insert into ledger_events as e (user_id, {", ".join(_WRITTEN)})
select :user_id, {", ".join(f"r.{name}" for name in _WRITTEN)}
from jsonb_to_recordset(cast(:rows as jsonb)) as r({", ".join(f"{n} {_TYPES.get(n, 'text')}" for n in _WRITTEN)})
on conflict (user_id, id) do update set {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN[1:])},
  price_tries = 0, withdrawn_at = null
where e.digest <> excluded.digest or e.withdrawn_at is not null
returning e.id
""")  # noqa: S608 - names from above
_SAME_VERSION = text("""
update ledger_events set decoder_version = :decoder_version
where user_id = :user_id and id = any(cast(:ids as uuid[])) and decoder_version <> :decoder_version
""")
_CLEAR_TOKENS = text("""
delete from ledger_event_tokens where user_id = :user_id and event_id = any(cast(:ids as uuid[]))
""")
_WRITE_TOKENS = text("""
insert into ledger_event_tokens (user_id, token, chain_id, happened_at, block_number, tx_index, number, event_id)
select :user_id, t.token, r.chain_id, r.happened_at, r.block_number, r.tx_index, r.number, r.id
from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, chain_id bigint, happened_at timestamptz,
  block_number bigint, tx_index int, number int, tokens text[]), unnest(r.tokens) as t(token)
where r.id = any(cast(:ids as uuid[]))
""")


@dataclass(frozen=True, slots=True)
class Changed:
    """How many events were written and how many taken away."""

    written: int
    removed: int

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.written or self.removed)


async def list_events(
    session: AsyncSession,
    user_id: UUID,
    conditions: Mapping[str, Any],
    *,
    after: Place | None = None,
    newest_first: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Any]:
    """Return rows of COLUMNS of a user's events that meet the conditions (names as in _CONDITIONS), in order."""
    statement = _listing(frozenset(conditions), counts=False, newest_first=newest_first, has_after=after is not None)
    values = {**conditions, "user_id": user_id, "limit": limit, "offset": offset}
    if after is not None:
        values |= {f"after_{name}": getattr(after, name) for name in (*_ORDER, "id")}
    return (await session.execute(statement, values)).all()


async def count_events(session: AsyncSession, user_id: UUID, conditions: Mapping[str, Any]) -> int:
    """Return how many of a user's events meet the conditions."""
    statement = _listing(frozenset(conditions), counts=True, newest_first=False, has_after=False)
    return (await session.execute(statement, {**conditions, "user_id": user_id})).scalar_one()


async def find_event(session: AsyncSession, user_id: UUID, event_id: UUID) -> Any:
    """Return the row of an event, None when there is none."""
    return (await session.execute(_EVENT, {"user_id": user_id, "id": event_id})).one_or_none()


async def coverage(session: AsyncSession, user_id: UUID, wallets: Sequence[str] | None) -> Sequence[RowMapping]:
    """Return what is covered of a user's wallets (None: all), by wallet and chain."""
    values = {"user_id": user_id, "wallets": None if wallets is None else list(wallets)}
    return (await session.execute(_COVERAGE, values)).mappings().all()


async def open_coverage(session: AsyncSession, user_id: UUID, wanted: Sequence[tuple[str, int]]) -> None:
    """Note that the history of wallets on chains is wanted, where that was not known yet."""
    values = {
        "user_id": user_id,
        "wallets": [wallet for wallet, _ in wanted],
        "chains": [chain_id for _, chain_id in wanted],
    }
    await session.execute(_OPEN, values)


async def move_coverage(session: AsyncSession, values: dict[str, Any]) -> int | None:
    """Note what is covered now; return the new version, None when another import or a removal came first."""
    return (await session.execute(_MOVE, values)).scalar_one_or_none()


async def forget_wallet(session: AsyncSession, user_id: UUID, wallet: str) -> None:
    """Delete everything of a wallet of a user."""
    await session.execute(_FORGET, {"user_id": user_id, "wallet": wallet})


async def replace_range(
    session: AsyncSession,
    user_id: UUID,
    wallet: str,
    chain_id: int,
    blocks: tuple[int, int],
    rows: Sequence[dict[str, Any]],
) -> Changed:
    """Make these rows all that there is of a wallet in a range of blocks; what is the same already stays as it is."""
    place = {"user_id": user_id, "wallet": wallet, "chain_id": chain_id, "ids": [row["id"] for row in rows]}
    gone = (await session.execute(_GONE, {**place, "first": blocks[0], "last": blocks[1]})).all()
    return Changed(await _write(session, user_id, rows), len(gone))


async def replace_transactions(
    session: AsyncSession,
    user_id: UUID,
    wallet: str,
    chain_id: int,
    hashes: Sequence[str],
    rows: Sequence[dict[str, Any]],
) -> Changed:
    """Make these rows all that there is of a wallet in some transactions; what is the same already stays as it is."""
    place = {"user_id": user_id, "wallet": wallet, "chain_id": chain_id, "ids": [row["id"] for row in rows]}
    gone = (await session.execute(_GONE_OF, {**place, "hashes": list(hashes)})).all()
    return Changed(await _write(session, user_id, rows), len(gone))


async def _write(session: AsyncSession, user_id: UUID, rows: Sequence[dict[str, Any]]) -> int:
    if not rows:
        return 0
    values = {"user_id": user_id, "rows": orjson.dumps(rows).decode()}
    written = list((await session.execute(_WRITE, values)).scalars())
    version = {"decoder_version": rows[0]["decoder_version"]}
    await session.execute(_SAME_VERSION, {"user_id": user_id, "ids": [row["id"] for row in rows], **version})
    if written:
        await session.execute(_CLEAR_TOKENS, {"user_id": user_id, "ids": written})
        await session.execute(_WRITE_TOKENS, {**values, "ids": written})
    return len(written)


_WITHDRAW = text("""
update ledger_events e set withdrawn_at = :now
from jsonb_to_recordset(cast(:blocks as jsonb)) as b(chain_id bigint, block_hash text, taken_at timestamptz)
where e.chain_id = b.chain_id and e.happened_at = b.taken_at and e.block_hash = b.block_hash
  and e.withdrawn_at is null
returning e.user_id, e.wallet, e.chain_id, e.block_number
""")
_LOWER = text("""
update ledger_coverage c set to_block = greatest(c.from_block, r.first_block) - 1, to_block_at = null,
  version = version + 1
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(user_id uuid, wallet text, chain_id bigint, first_block bigint)
where c.user_id = r.user_id and c.wallet = r.wallet and c.chain_id = r.chain_id and c.to_block >= r.first_block
""")


async def withdraw(session: AsyncSession, blocks: Sequence[tuple[int, str, datetime]], now: datetime) -> Sequence[Any]:
    """Mark events on dropped blocks (chain, hash, time); return user, wallet, chain and block of each."""
    rows = [
        {"chain_id": chain_id, "block_hash": block_hash, "taken_at": taken_at.isoformat()}
        for chain_id, block_hash, taken_at in blocks
    ]
    return (await session.execute(_WITHDRAW, {"blocks": orjson.dumps(rows).decode(), "now": now})).all()


async def lower_coverage(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note that from a block on (`first_block`) a wallet's history is to be read again."""
    await session.execute(_LOWER, {"rows": orjson.dumps(rows).decode()})


_DUE = text(f"""
select e.user_id, e.price_tries, {_SELECTED} from ledger_events e
where e.price_due_at <= :now and e.withdrawn_at is null order by e.price_due_at limit :most
""")  # noqa: S608 - names from above
_SET_PRICES = text("""
update ledger_events e set legs = r.legs, fee_price_usd = r.fee_price_usd, price_due_at = r.price_due_at,
  price_tries = e.price_tries + 1
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(user_id uuid, id uuid, legs jsonb, fee_price_usd numeric, price_due_at timestamptz)
where e.user_id = r.user_id and e.id = r.id and e.price_due_at is not null
""")


async def due_prices(session: AsyncSession, now: datetime, most: int) -> Sequence[Any]:
    """Return user_id, price_tries and COLUMNS of events some of whose prices are to be asked for again."""
    return (await session.execute(_DUE, {"now": now, "most": most})).all()


async def set_prices(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was found out of events' prices, and when to ask again."""
    await session.execute(_SET_PRICES, {"rows": orjson.dumps(rows).decode()})


_UNREAD = text("""
select distinct t.chain_id, t.token from ledger_event_tokens t
where t.user_id = :user_id and t.token <> :native
  and not exists (select from chain_tokens c where c.chain_id = t.chain_id and c.address = t.token)
limit :most
""")
_PROTOCOLS = text("""
select distinct protocol from ledger_events
where user_id = :user_id and protocol is not null and withdrawn_at is null order by protocol
""")


async def unread_tokens(session: AsyncSession, user_id: UUID, most: int) -> list[tuple[int, str]]:
    """Return (chain, token) of a user's events whose contract was never asked what it is."""
    values = {"user_id": user_id, "native": NATIVE_TOKEN, "most": most}
    return [(row.chain_id, row.token) for row in await session.execute(_UNREAD, values)]


async def protocols_of(session: AsyncSession, user_id: UUID) -> list[str]:
    """Return the protocols of a user's events, by name."""
    return list((await session.execute(_PROTOCOLS, {"user_id": user_id})).scalars())


_TOKENS = text("""
select distinct t.chain_id, t.token from ledger_event_tokens t where t.user_id = :user_id order by t.chain_id, t.token
""")
_MARK = text("""
select count(*) as events, coalesce(sum(hashtextextended(
  e.id::text || e.digest || e.legs::text || coalesce(e.fee_price_usd::text, ''), 0)::numeric), 0) as sum
from ledger_events e
where e.user_id = :user_id and e.wallet = any(cast(:wallets as text[])) and e.withdrawn_at is null
""")


async def tokens_of(session: AsyncSession, user_id: UUID) -> list[tuple[int, str]]:
    """Return (chain, token) of all that a user's events are about."""
    return [(row.chain_id, row.token) for row in await session.execute(_TOKENS, {"user_id": user_id})]


async def mark(session: AsyncSession, user_id: UUID, wallets: Sequence[str]) -> str:
    """Return a text that is another one when anything about the events of a user's wallets is."""
    row = (await session.execute(_MARK, {"user_id": user_id, "wallets": list(wallets)})).one()
    return f"{row.events}:{row.sum}"


_OUTDATED = text("""
select block_number, array_agg(distinct tx_hash) as hashes from ledger_events
where user_id = :user_id and wallet = :wallet and chain_id = :chain_id and decoder_version < :version
  and block_number >= :oldest and source <> 'file'
group by block_number order by block_number desc limit :most
""")


async def outdated(
    session: AsyncSession, user_id: UUID, wallet: str, chain_id: int, version: int, oldest: int, most: int
) -> list[tuple[int, set[str]]]:
    """Return the newest blocks, and their transactions, whose events were made by decoders before a version."""
    values = {"user_id": user_id, "wallet": wallet, "chain_id": chain_id}
    rows = await session.execute(_OUTDATED, {**values, "version": version, "oldest": oldest, "most": most})
    return [(row.block_number, set(row.hashes)) for row in rows]
