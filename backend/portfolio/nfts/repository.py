"""The SQL of NFT collections: what wallets were sent of them, what their contracts say, and what is taken for spam."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.portfolio.nfts.logs import MOST_IDS

MOST_COLLECTIONS = 100  # of a wallet on a chain that are read; those with the user's word and the older ones first

_ADD = text("""
insert into portfolio_wallet_collections as c
  (wallet_id, user_id, chain_id, collection, token_ids, has_more, first_tx, first_block)
select r.wallet_id, w.user_id, r.chain_id, r.collection, r.token_ids, r.has_more, r.first_tx, r.first_block
from jsonb_to_recordset(cast(:rows as jsonb)) as r(wallet_id uuid, chain_id bigint, collection text, token_ids jsonb,
  has_more boolean, first_tx text, first_block bigint)
join portfolio_wallets w on w.id = r.wallet_id
on conflict (wallet_id, chain_id, collection) do update set
  token_ids = (select jsonb_agg(id) from (select distinct id from jsonb_array_elements_text(c.token_ids
    || excluded.token_ids) id order by id limit :most) kept),
  has_more = c.has_more or excluded.has_more or (select count(distinct id) > :most
    from jsonb_array_elements_text(c.token_ids || excluded.token_ids) id)
where excluded.has_more and not c.has_more or not c.token_ids @> excluded.token_ids
""")
_OF_USERS = text("""
select c.wallet_id, c.user_id, w.address as wallet, c.chain_id, c.collection, c.token_ids, c.has_more, c.first_tx,
  c.first_block, c.recipients, c.found_at, n.address is not null as is_read, n.standard, n.is_enumerable, n.symbol,
  n.name, v.is_spam, v.reasons, v.decided_by, v.decided_at
from portfolio_wallet_collections c
join portfolio_wallets w on w.id = c.wallet_id
left join nft_collections n on n.chain_id = c.chain_id and n.address = c.collection
left join portfolio_collection_verdicts v
  on v.user_id = c.user_id and v.chain_id = c.chain_id and v.collection = c.collection
where c.user_id = any(cast(:users as uuid[])) order by c.chain_id, c.collection, c.wallet_id
""")
_READABLE = text("""
select * from (
  select c.user_id, w.address as wallet, c.chain_id, c.collection, c.token_ids, c.has_more, n.standard, n.symbol,
    n.name, row_number() over (partition by c.wallet_id, c.chain_id
      order by (v.decided_by = 'user') desc nulls last, c.found_at, c.collection) as place
  from portfolio_wallet_collections c
  join portfolio_wallets w on w.id = c.wallet_id and not w.paused_by_plan
  join nft_collections n on n.chain_id = c.chain_id and n.address = c.collection and n.standard is not null
  left join portfolio_collection_verdicts v
    on v.user_id = c.user_id and v.chain_id = c.chain_id and v.collection = c.collection
  where c.user_id = any(cast(:users as uuid[])) and not coalesce(v.is_spam, false)
    and c.chain_id = any(cast(:chains as bigint[]))
) held where place <= :most order by user_id, wallet, chain_id, collection
""")
_NOTE_FACTS = text("""
insert into nft_collections (chain_id, address, standard, is_enumerable, symbol, name, read_at)
select r.chain_id, r.address, r.standard, r.is_enumerable, r.symbol, r.name, now()
from jsonb_to_recordset(cast(:rows as jsonb)) as r(chain_id bigint, address text, standard text,
  is_enumerable boolean, symbol text, name text)
on conflict (chain_id, address) do update set standard = excluded.standard, is_enumerable = excluded.is_enumerable,
  symbol = excluded.symbol, name = excluded.name, read_at = excluded.read_at
""")
_NOTE_RECIPIENTS = text("""
update portfolio_wallet_collections c set recipients = r.recipients
from jsonb_to_recordset(cast(:rows as jsonb)) as r(wallet_id uuid, chain_id bigint, collection text, recipients integer)
where c.wallet_id = r.wallet_id and c.chain_id = r.chain_id and c.collection = r.collection
""")
_JUDGE = text("""
insert into portfolio_collection_verdicts as v (user_id, chain_id, collection, is_spam, reasons, decided_by)
select r.user_id, r.chain_id, r.collection, r.is_spam, r.reasons, 'filter'
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(user_id uuid, chain_id bigint, collection text, is_spam boolean, reasons jsonb)
on conflict (user_id, chain_id, collection) do update
  set is_spam = excluded.is_spam, reasons = excluded.reasons, decided_at = now()
where v.decided_by = 'filter' and (v.is_spam, v.reasons) is distinct from (excluded.is_spam, excluded.reasons)
""")
_DECIDE = text("""
insert into portfolio_collection_verdicts (user_id, chain_id, collection, is_spam, decided_by)
select distinct c.user_id, c.chain_id, c.collection, cast(:is_spam as boolean), 'user'
from portfolio_wallet_collections c
where c.user_id = :user_id and c.chain_id = :chain_id and c.collection = :collection
on conflict (user_id, chain_id, collection) do update
  set is_spam = excluded.is_spam, decided_by = 'user', decided_at = now()
returning collection
""")
_UNDECIDE = text("""
delete from portfolio_collection_verdicts
where user_id = :user_id and chain_id = :chain_id and collection = :collection and decided_by = 'user'
returning collection
""")


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


async def add_collections(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note what wallets were sent of collections; ids are added up to MOST_IDS of each."""
    await session.execute(_ADD, {"rows": _json(rows), "most": MOST_IDS})


async def collections_of(session: AsyncSession, users: Sequence[UUID]) -> Sequence[Any]:
    """Return every collection of the users' wallets with what is known of it and the verdict on it (None: none).

    `is_read`: its contract was asked what it is.
    """
    return (await session.execute(_OF_USERS, {"users": list(users)})).all()


async def readable(session: AsyncSession, users: Sequence[UUID], chain_ids: Sequence[int]) -> Sequence[RowMapping]:
    """Return the collections to read for each of the users: without spam, MOST_COLLECTIONS of a wallet and chain."""
    values = {"users": list(users), "chains": list(chain_ids), "most": MOST_COLLECTIONS}
    return (await session.execute(_READABLE, values)).mappings().all()


async def note_facts(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note what contracts say of themselves (role premium_worker)."""
    await session.execute(_NOTE_FACTS, {"rows": _json(rows)})


async def note_recipients(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note how many others were sent pieces around the transfer by which a collection came to a wallet."""
    await session.execute(_NOTE_RECIPIENTS, {"rows": _json(rows)})


async def judge(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note the filter's verdicts; what a user decided stays."""
    await session.execute(_JUDGE, {"rows": _json(rows)})


async def decide(session: AsyncSession, user_id: UUID, chain_id: int, collection: str, is_spam: bool) -> bool:
    """Note what the user says of a collection of theirs; return False when it is none of theirs."""
    values = {"user_id": user_id, "chain_id": chain_id, "collection": collection, "is_spam": is_spam}
    return (await session.execute(_DECIDE, values)).one_or_none() is not None


async def undecide(session: AsyncSession, user_id: UUID, chain_id: int, collection: str) -> bool:
    """Forget what the user said of a collection; return whether they had said something."""
    values = {"user_id": user_id, "chain_id": chain_id, "collection": collection}
    return (await session.execute(_UNDECIDE, values)).one_or_none() is not None
