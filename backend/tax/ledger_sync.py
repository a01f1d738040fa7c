"""Taking the wallets' history over from the event ledger: what is new comes, what changed says so, what is gone goes.

One transaction does all of it: a kill anywhere leaves the book as it was. Syncs of one user stand in line; a ledger of
which nothing changed is not read at all. Edits stay.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, cap
from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import utc_now
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.ledger import service as ledger
from backend.portfolio.service import TokenNames, token_names
from backend.tax import records, repository, store
from backend.tax.review.rules import decide_by_rules
from backend.tax.transactions import TaxTransaction
from backend.tax.wallet_history import MAPPING_VERSION, Tokens, named, transactions_of

log = get_logger(__name__)
# What a reorganisation withdraws stands in another block soon, mostly: until then what the user said of it is kept.
COMES_BACK_WITHIN = timedelta(hours=1)
_WRITTEN_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did; `left_out` transactions are more than the plan allows (the newest)."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    left_out: int = 0

    def __bool__(self) -> bool:
        """Whether the book is another one."""
        return bool(self.added or self.changed or self.removed)


async def sync(session: AsyncSession, settings: Settings, user_id: UUID, tier: str) -> Synced:
    """Make the wallets' transactions of a user what the ledger says of them now.

    Above the plan's cap the oldest stay, for later ones rest on them. Raises the book's version when anything changed.
    """
    await repository.lock_sync(session, user_id)
    names = await _names(session, settings, user_id)
    most = cap(tier, Cap.TAX_TRANSACTIONS)
    mark = await _mark(session, user_id, names, most)
    if mark == await repository.synced_of(session, user_id):
        await repository.note_looked(session, user_id, utc_now())
        return Synced()
    events = await ledger.events_of(session, user_id, ledger.Wanted(wallets=names.wallets)) if names.wallets else []
    made = await asyncio.to_thread(transactions_of, events, _tokens(names))
    await repository.lock(session, user_id)
    room = None if most is None else max(0, most - await repository.count_others(session, user_id))
    done, waiting = await _replace(session, user_id, made if room is None else made[:room])
    left_out = 0 if room is None else max(0, len(made) - room)
    await repository.note_synced(session, user_id, None if waiting else mark, utc_now(), left_out)
    if done or left_out:
        await store.bump(session, user_id)
        log.info("wallets taken over for tax", user_id=str(user_id), added=done.added, removed=done.removed)
    return Synced(done.added, done.changed, done.removed, left_out)


async def _names(session: AsyncSession, settings: Settings, user_id: UUID) -> TokenNames:
    tokens = await ledger.tokens_of(session, user_id)
    natives = {(chain_id, NATIVE_TOKEN) for chain_id, _ in tokens}
    natives |= {(each.chain_id, NATIVE_TOKEN) for each in await ledger.coverage_of(session, user_id)}
    return await token_names(session, settings, user_id, {*tokens, *natives})


def _tokens(names: TokenNames) -> Tokens:
    keys = {*names.facts, *names.spam}
    known = {}
    for chain_id, token in keys:
        fact = names.facts.get((chain_id, token))
        known[chain_id, token] = named(
            chain_id, token, names.vouched, fact.symbol if fact else None, fact.decimals if fact else None
        )
    return Tokens(known, names.spam)


async def _mark(session: AsyncSession, user_id: UUID, names: TokenNames, most: int | None) -> str:
    """Return what all of the wallets' transactions depend on, as a hash."""
    tokens = _tokens(names)
    said = [
        MAPPING_VERSION,
        await ledger.mark_of(session, user_id, names.wallets),
        sorted(names.wallets),
        sorted([*key, each.asset, each.symbol, each.decimals] for key, each in tokens.known.items()),
        sorted([*key, why] for key, why in tokens.spam.items()),
        # With a cap, what comes from elsewhere takes the room of what comes from wallets.
        None if most is None else [most, await repository.count_others(session, user_id)],
    ]
    return blake2b(orjson.dumps(said), digest_size=32).hexdigest()


async def _replace(session: AsyncSession, user_id: UUID, made: Sequence[TaxTransaction]) -> tuple[Synced, int]:
    """Write what differs; also return how many that are gone stay for now, because an edit hangs on them."""
    known = await repository.wallet_digests(session, user_id)
    added = changed = 0
    differing: list[TaxTransaction] = []
    for start in range(0, len(made), _WRITTEN_AT_ONCE):
        part = made[start : start + _WRITTEN_AT_ONCE]
        rows = await asyncio.to_thread(_changed_rows, part, known)
        if rows:
            new, other = await repository.write(session, user_id, rows)
            added, changed = added + new, changed + other
            ids = {row["id"] for row in rows}
            differing += [each for each in part if str(each.id) in ids]
    if differing:
        await decide_by_rules(session, user_id, differing)
    gone = known.keys() - {each.id for each in made}
    removed = await repository.remove_gone(session, user_id, sorted(gone), utc_now() - COMES_BACK_WITHIN) if gone else 0
    return Synced(added, changed, removed), len(gone) - removed


def _changed_rows(made: Iterable[TaxTransaction], known: dict[UUID, str]) -> list[records.Row]:
    return [row for each in made if known.get(each.id) != (row := records.row_of(each))["digest"]]
