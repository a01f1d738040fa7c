"""Which transactions another source of the user tells for certain, for lists and previews.

The book decides by the same rule (`assembling.doubles`) whenever it is made. Whether one is told twice is decided among
those of its hash alone, so that no more than those is read here.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax import records, repository, store
from backend.tax.assembling.doubles import Entry, find_doubles, hash_of
from backend.tax.settings.service import settings_of
from backend.tax.transactions import TaxTransaction

_ASKED_AT_ONCE = 5_000


async def told_twice(session: AsyncSession, user_id: UUID, transactions: Iterable[TaxTransaction]) -> dict[UUID, UUID]:
    """Return those of some transactions that count nowhere, with the one that tells the same and counts.

    Transactions that are not in the book yet (of a file that is looked at) are taken as if they were.
    """
    wanted = {each.id: each for each in transactions if each.source != "wallet"}
    hashes = sorted({key for each in wanted.values() if (key := hash_of(each.tx_hash)) is not None})
    if not hashes:
        return {}
    new = dict(wanted)
    there: list[Entry] = []
    rules = await store.rules_of(session, user_id)
    for start in range(0, len(hashes), _ASKED_AT_ONCE):
        for row in await repository.of_hashes(session, user_id, hashes[start : start + _ASKED_AT_ONCE]):
            transaction = records.transaction_of(row)
            edit = None if row.edit is None else records.edit_of(orjson.loads(row.edit))
            said = records.merged(edit, rules.get(row.rule_id) if row.rule_id is not None else None)
            new.pop(transaction.id, None)
            there.append((transaction, said))
    if not there:
        return {}
    excluded = (await settings_of(session, user_id)).excluded_wallets
    entries: list[Entry] = [*there, *((each, None) for each in new.values())]
    found = await asyncio.to_thread(find_doubles, entries, excluded)
    return {id_: each.of.id for id_, each in found.certain.items() if id_ in wanted}
