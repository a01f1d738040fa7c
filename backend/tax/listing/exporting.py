"""Tax transactions as a file in the generic format: as they count, what was said of them in it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.tax import store
from backend.tax.assembling.doubles import find_doubles, without_doubles
from backend.tax.assembling.items import edited
from backend.tax.files.writing import generic_csv
from backend.tax.listing import repository
from backend.tax.listing.service import Filters
from backend.tax.settings.service import settings_of
from backend.tax.transactions import Edit, TaxTransaction

READ_AT_ONCE = 5_000


@requires(Feature.TAX)
async def export_csv(session: AsyncSession, user: CurrentUser, filters: Filters) -> AsyncIterator[bytes]:
    """Return a CSV file (see docs/tax-files.md) of the transactions that meet the filters, the earliest first.

    Each is as it counts: with its edit, or what a bulk rule says. Left out is what moved nothing, and what another
    source tells already.
    """
    settings = await settings_of(session, user.id)
    conditions = filters.conditions(settings)
    counted = await asyncio.to_thread(_counted, await store.entries_of(session, user.id), settings.excluded_wallets)

    async def chunks() -> AsyncIterator[bytes]:
        yield generic_csv([])
        waiting: list[TaxTransaction] = []
        after = None
        while True:
            rows = await repository.page(
                session, user.id, conditions, newest_first=False, limit=READ_AT_ONCE, after=after
            )
            waiting += [counted[row.id] for row in rows if row.id in counted]
            is_last = len(rows) < READ_AT_ONCE
            ready, waiting = _ready(waiting, is_last=is_last)
            if ready:
                yield await asyncio.to_thread(_lines, ready)
            if is_last:
                return
            after = (rows[-1].happened_at, rows[-1].id)

    return chunks()


def _counted(entries: Sequence[store.Entry], excluded: AbstractSet[str]) -> dict[UUID, TaxTransaction]:
    """Return the transactions that count, by id, as they count."""
    counting = without_doubles(entries, find_doubles(entries, excluded))
    return {told.id: _as_it_counts(told, edit) for told, edit in counting}


def _as_it_counts(told: TaxTransaction, edit: Edit | None) -> TaxTransaction:
    return told if edit is None else edited(told, edit)


def _ready(waiting: list[TaxTransaction], *, is_last: bool) -> tuple[list[TaxTransaction], list[TaxTransaction]]:
    """Return what can be written in its order, and what has to wait for others of the same moment."""
    last = waiting[-1].happened_at if waiting and not is_last else None
    ready = [each for each in waiting if each.happened_at != last]
    ready.sort(key=_order)
    return ready, [each for each in waiting if each.happened_at == last]


def _order(each: TaxTransaction) -> tuple[object, int, UUID]:
    return each.happened_at, each.sequence, each.id


def _lines(transactions: Iterable[TaxTransaction]) -> bytes:
    return generic_csv(_moving(transactions), with_header=False)


def _moving(transactions: Iterable[TaxTransaction]) -> Iterator[TaxTransaction]:
    """Return those of which something moved, or was paid."""
    for each in transactions:
        if any(leg.amount for leg in (*each.legs, *each.fees)):
            yield each
