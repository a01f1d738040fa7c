"""The SQL of tokens found for wallets, of how far their transfers were looked through, of verdicts and token lists."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FACTS = text("""
select w.chain_id, w.token, coalesce(t.symbol, l.symbol) as symbol, coalesce(t.name, l.name) as name,
  coalesce(t.decimals, l.decimals) as decimals, l.token is not null as is_listed
from unnest(cast(:chains as bigint[]), cast(:tokens as text[])) as w(chain_id, token)
left join chain_tokens t on t.chain_id = w.chain_id and t.address = w.token
left join lateral (
  select e.token, e.symbol, e.name, e.decimals from token_list_entries e
  where e.chain_id = w.chain_id and e.token = w.token order by e.list_url limit 1) l on true
where t.address is not null or l.token is not null
""")
_UNREAD = text("""
select distinct w.chain_id, w.token from portfolio_wallet_tokens w
where w.user_id = any(cast(:users as uuid[]))
  and not exists (select from chain_tokens t where t.chain_id = w.chain_id and t.address = w.token)
""")
_CURSORS = text("""
select wallet_id, chain_id, next_block, is_active from portfolio_wallet_chains
where wallet_id = any(cast(:wallets as uuid[]))
""")
_MOVE = text("""
update portfolio_wallet_chains c set next_block = r.next_block, is_active = c.is_active or r.is_active
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(wallet_id uuid, chain_id bigint, next_block bigint, is_active boolean)
where c.wallet_id = r.wallet_id and c.chain_id = r.chain_id
""")
_ADD_TOKENS = text("""
insert into portfolio_wallet_tokens (wallet_id, user_id, chain_id, token, found_by)
select r.wallet_id, w.user_id, r.chain_id, r.token, r.found_by
from jsonb_to_recordset(cast(:rows as jsonb)) as r(wallet_id uuid, chain_id bigint, token text, found_by text)
join portfolio_wallets w on w.id = r.wallet_id
on conflict (wallet_id, chain_id, token) do update set found_by = excluded.found_by
where excluded.found_by = 'user' and portfolio_wallet_tokens.found_by <> 'user'
""")
_REMOVE_TOKEN = text("""
delete from portfolio_wallet_tokens
where wallet_id = :wallet_id and chain_id = :chain_id and token = :token and found_by = 'user' returning token
""")
_TOKENS = text("""
select t.wallet_id, t.user_id, t.chain_id, t.token, t.found_by, t.found_at, v.is_spam, v.reasons, v.decided_by,
  v.decided_at
from portfolio_wallet_tokens t
left join portfolio_token_verdicts v on v.user_id = t.user_id and v.chain_id = t.chain_id and v.token = t.token
where t.user_id = any(cast(:users as uuid[])) order by t.chain_id, t.token, t.wallet_id
""")
_JUDGE = text("""
insert into portfolio_token_verdicts (user_id, chain_id, token, is_spam, reasons, decided_by)
select r.user_id, r.chain_id, r.token, r.is_spam, r.reasons, 'filter'
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(user_id uuid, chain_id bigint, token text, is_spam boolean, reasons jsonb)
on conflict (user_id, chain_id, token) do update
  set is_spam = excluded.is_spam, reasons = excluded.reasons, decided_at = now()
where portfolio_token_verdicts.decided_by = 'filter'
  and (portfolio_token_verdicts.is_spam, portfolio_token_verdicts.reasons)
    is distinct from (excluded.is_spam, excluded.reasons)
""")
_DECIDE = text("""
insert into portfolio_token_verdicts (user_id, chain_id, token, is_spam, reasons, decided_by)
select distinct t.user_id, t.chain_id, t.token, cast(:is_spam as boolean), cast('[]' as jsonb), 'user'
from portfolio_wallet_tokens t where t.user_id = :user_id and t.chain_id = :chain_id and t.token = :token
on conflict (user_id, chain_id, token) do update set is_spam = excluded.is_spam, decided_by = 'user', decided_at = now()
returning token
""")
_UNDECIDE = text("""
delete from portfolio_token_verdicts
where user_id = :user_id and chain_id = :chain_id and token = :token and decided_by = 'user' returning token
""")
_LISTED = text("""
select distinct on (chain_id, token) chain_id, token, symbol, name, decimals from token_list_entries
where chain_id = any(cast(:chains as bigint[])) order by chain_id, token, list_url
""")
_CLEAR_LIST = text("delete from token_list_entries where list_url = :list_url")
_FILL_LIST = text("""
insert into token_list_entries (list_url, chain_id, token, symbol, name, decimals, logo_url, read_at)
select :list_url, r.chain_id, r.token, r.symbol, r.name, r.decimals, r.logo_url, :read_at
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(chain_id bigint, token text, symbol text, name text, decimals smallint, logo_url text)
on conflict do nothing
""")


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


async def token_facts(session: AsyncSession, keys: Sequence[tuple[int, str]]) -> Sequence[Any]:
    """Return chain_id, token, symbol, name, decimals, is_listed of the tokens that are known."""
    values = {"chains": [chain_id for chain_id, _ in keys], "tokens": [token for _, token in keys]}
    return (await session.execute(_FACTS, values)).all()


async def tokens_without_facts(session: AsyncSession, users: Sequence[UUID]) -> list[tuple[int, str]]:
    """Return (chain, token) of the users' tokens whose contract was never asked what it is."""
    return [(row.chain_id, row.token) for row in await session.execute(_UNREAD, {"users": list(users)})]


async def cursors(session: AsyncSession, wallet_ids: Sequence[UUID]) -> Sequence[Any]:
    """Return wallet_id, chain_id, next_block and is_active of wallets on the chains they were looked for on."""
    return (await session.execute(_CURSORS, {"wallets": list(wallet_ids)})).all()


async def move_cursors(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note up to where transfers were looked through, and that a wallet is active where some were found."""
    await session.execute(_MOVE, {"rows": _json(rows)})


async def add_tokens(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note tokens found for wallets; one that a user adds is theirs from then on."""
    await session.execute(_ADD_TOKENS, {"rows": _json(rows)})


async def remove_token(session: AsyncSession, wallet_id: UUID, chain_id: int, token: str) -> bool:
    """Take back a token that the user had added; return whether there was one."""
    values = {"wallet_id": wallet_id, "chain_id": chain_id, "token": token}
    return (await session.execute(_REMOVE_TOKEN, values)).one_or_none() is not None


async def tokens_of(session: AsyncSession, users: Sequence[UUID]) -> Sequence[Any]:
    """Return every token of the users' wallets with the verdict on it (None: none)."""
    return (await session.execute(_TOKENS, {"users": list(users)})).all()


async def judge(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note the filter's verdicts; what a user decided stays."""
    await session.execute(_JUDGE, {"rows": _json(rows)})


async def decide(session: AsyncSession, user_id: UUID, chain_id: int, token: str, is_spam: bool) -> bool:
    """Note what the user says of a token of theirs; return False when it is none of theirs."""
    values = {"user_id": user_id, "chain_id": chain_id, "token": token, "is_spam": is_spam}
    return (await session.execute(_DECIDE, values)).one_or_none() is not None


async def undecide(session: AsyncSession, user_id: UUID, chain_id: int, token: str) -> bool:
    """Forget what the user said of a token; return whether they had said something."""
    values = {"user_id": user_id, "chain_id": chain_id, "token": token}
    return (await session.execute(_UNDECIDE, values)).one_or_none() is not None


async def listed_tokens(session: AsyncSession, chain_ids: Sequence[int]) -> Sequence[Any]:
    """Return the tokens of the token lists on these chains, each once."""
    return (await session.execute(_LISTED, {"chains": list(chain_ids)})).all()


async def replace_list(session: AsyncSession, list_url: str, rows: Sequence[dict[str, Any]], read_at: Any) -> None:
    """Put a newly read list in the place of what was known of it."""
    await session.execute(_CLEAR_LIST, {"list_url": list_url})
    await session.execute(_FILL_LIST, {"list_url": list_url, "rows": _json(rows), "read_at": read_at})
