"""The store of tax transactions: writing them from any source, what users say about them, and reading all of them.

Whether the caller may is decided at the edge that calls. Every change raises the book's version, which is what reports,
issues and caches compare; writers of one book stand in line (an advisory lock until the transaction ends).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.tax import records, repository
from backend.tax.pricing.soon import price_soon
from backend.tax.review.rules import decide_by_rules
from backend.tax.review.soon import review_soon
from backend.tax.transactions import Edit, TaxTransaction

Entry = tuple[TaxTransaction, Edit | None]
_READ_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Written:
    """How many transactions were new, and how many were there already (`changed` of them say something else now)."""

    added: int
    known: int
    changed: int = 0


async def add_transactions(session: AsyncSession, user_id: UUID, transactions: Sequence[TaxTransaction]) -> Written:
    """Write transactions: one that is there already (its id) is not added again.

    Where its source says something else now, it says that from now on; edits stay. Of two with one id the last counts.
    Raises the book's version when anything changed.
    """
    await repository.lock(session, user_id)
    rows = list({each.id: each for each in transactions}.values())
    added, changed = await repository.write(session, user_id, map(records.row_of, rows))
    if added or changed:
        await decide_by_rules(session, user_id, rows)
        await price_soon(session, user_id, rows)
        await bump(session, user_id)
    return Written(added, len(rows) - added, changed)


async def remove_import(session: AsyncSession, user_id: UUID, import_id: UUID) -> int:
    """Delete the transactions that an import brought, with their edits; return how many."""
    await repository.lock(session, user_id)
    removed = await repository.remove_import(session, user_id, import_id)
    if removed:
        await bump(session, user_id)
    return removed


async def remove_transactions(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> int:
    """Delete transactions, with their edits; return how many were there."""
    await repository.lock(session, user_id)
    removed = await repository.remove(session, user_id, ids)
    if removed:
        await bump(session, user_id)
    return removed


async def entries_of(session: AsyncSession, user_id: UUID) -> list[Entry]:
    """Return all transactions of a user by time, sequence and id, each with what holds of it beside its source.

    That is the user's edit, and where it says nothing the bulk rule's.
    """
    rules = await rules_of(session, user_id)
    entries: list[Entry] = []
    after: tuple[datetime, UUID] | None = None
    while True:
        rows = await repository.page(session, user_id, after, _READ_AT_ONCE)
        # In a thread: a long history does not hold everybody else up.
        entries += await asyncio.to_thread(_entries, rows, rules)
        if len(rows) < _READ_AT_ONCE:
            break
        last = entries[-1][0]
        after = (last.happened_at, last.id)
    entries.sort(key=_order)
    return entries


async def rules_of(session: AsyncSession, user_id: UUID) -> dict[UUID, Edit]:
    """Return what each bulk rule of a user says, by its id."""
    found = await repository.rules(session, user_id)
    return {id_: records.edit_of(orjson.loads(sets)) for id_, sets in found.items()}


async def edit_transactions(session: AsyncSession, user_id: UUID, edits: Mapping[UUID, Edit | None]) -> int:
    """Say what holds of transactions beside their source (None takes an edit back); return how many that changed."""
    await repository.lock(session, user_id)
    rows = {id_: None if edit is None else records.edit_json(edit) for id_, edit in edits.items()}
    changed = await repository.set_edits(session, user_id, rows, utc_now())
    if changed:
        await bump(session, user_id, list(edits))
    return changed


async def book_version(session: AsyncSession, user_id: UUID) -> int:
    """Return how often the book changed: transactions, edits, rules or settings. 0 before the first time."""
    return await repository.version(session, user_id)


async def changed_since(session: AsyncSession, user_id: UUID, version: int) -> tuple[int, list[Entry] | None]:
    """Return the book's version now, and the entries whose edits are all that changed since an earlier version.

    None: something else changed too, or more than a few did.
    """
    now, ids = await repository.changed_since(session, user_id, version)
    if ids is None:
        return now, None
    rows = await repository.some(session, user_id, sorted(ids))
    entries = _entries(rows, await rules_of(session, user_id))
    return now, entries if len(entries) == len(ids) else None


async def bump(session: AsyncSession, user_id: UUID, edited: Sequence[UUID] | None = None) -> int:
    """Note that something the book depends on changed, and have it reviewed soon; return its new version.

    `edited`: the transactions whose edits are all that changed, where that is so.
    """
    await review_soon(session, user_id)
    return await repository.bump(session, user_id, edited)


def _entries(rows: Sequence[Sequence[Any]], rules: Mapping[UUID, Edit]) -> list[Entry]:
    edits = (_edit(row[-2], row[-1], rules) for row in rows)
    return list(zip(records.transactions_of(rows), edits, strict=True))


def _edit(edit: str | None, rule_id: UUID | None, rules: Mapping[UUID, Edit]) -> Edit | None:
    if edit is None and rule_id is None:
        return None
    own = None if edit is None else records.edit_of(orjson.loads(edit))
    return records.merged(own, rules.get(rule_id) if rule_id is not None else None)


def _order(entry: Entry) -> tuple[datetime, int, UUID]:
    return entry[0].happened_at, entry[0].sequence, entry[0].id
