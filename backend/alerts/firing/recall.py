"""What watched series were, from the record: the same as a worker knows that saw every reading come."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from backend.alerts.engine.conditions import PRICE_METRIC
from backend.alerts.engine.histories import NO_CHAIN, Entry, ReadingBook, SeriesKey
from backend.alerts.firing import readings_repository as repository
from backend.alerts.firing.readings_repository import StoredReading, Wanted
from backend.chain.events import CHANGE_WINDOWS_SECONDS, Event
from backend.core.db import Database
from backend.market.engine.tvl import change_percent_in_tokens
from backend.market.metrics import TVL, WINDOWS
from backend.market.pricing import change_percent
from backend.market.stored_readings import holdings_of_state

READ_SECONDS = 30.0
_SERIES_AT_ONCE = 500


async def recalled(
    database: Database, readings: ReadingBook, keys: Sequence[SeriesKey], first: Event | None = None
) -> list[tuple[SeriesKey, Entry]]:
    """Return the newest readings of series, with changes over the windows that are looked at, as they came.

    With `first`, the next event to be processed: of its chain's series what was read up to its block, of those of no
    chain what came before it. Raises TimeoutError and what the database raises.
    """
    wanted = [Wanted(key, _windows(readings, key)) for key in keys]
    of_chains = [each for each in wanted if each.key[1] != NO_CHAIN]
    of_none = [each for each in wanted if each.key[1] == NO_CHAIN]
    found: list[tuple[SeriesKey, Entry]] = []
    for start in range(0, len(of_chains), _SERIES_AT_ONCE):
        async with asyncio.timeout(READ_SECONDS), database.unit_of_work() as session:
            part = of_chains[start : start + _SERIES_AT_ONCE]
            rows = await repository.newest_readings(session, part, None if first is None else first.taken_at)
        found += [_entry(list(group)) for _, group in groupby(rows, key=lambda row: (row.key, row.block_hash))]
    came: list[repository.PlatformReading] = []
    for start in range(0, len(of_none), _SERIES_AT_ONCE):
        async with asyncio.timeout(READ_SECONDS), database.unit_of_work() as session:
            part = [each.key for each in of_none[start : start + _SERIES_AT_ONCE]]
            came += await repository.newest_of_platform(session, part, None if first is None else first.id)
    came.sort(key=lambda reading: reading.order)
    for reading in came:
        event = reading.event
        changes = {window: now for window, (_, now) in event.changes.items()}
        found.append((reading.key, Entry(event.taken_at, 0, "", event.value, changes, event.id)))
    return found


def _windows(readings: ReadingBook, key: SeriesKey) -> list[int]:
    """Return the windows that are looked at, of those that the follower tells of."""
    metric = key[0]
    told = CHANGE_WINDOWS_SECONDS if metric == PRICE_METRIC else [each for name, each in WINDOWS if name == metric]
    looked_at = readings.series(key).windows
    return [window for window in told if window in looked_at]


def _entry(rows: Sequence[StoredReading]) -> tuple[SeriesKey, Entry]:
    """Return a reading that stands in one row for each window."""
    first = rows[0]
    changes: dict[int, Decimal] = {}
    for row in rows:
        change = _change(row)
        if row.seconds is not None and change is not None:
            changes[row.seconds] = change
    return first.key, Entry(first.taken_at, first.block_number, first.block_hash, first.value, changes)


def _change(row: StoredReading) -> Decimal | None:
    """Return a reading's change over a window in percent, as the follower computes it."""
    if row.key[0] == TVL:
        if row.base_state is None or row.state is None:
            return None
        return change_percent_in_tokens(holdings_of_state(row.base_state), holdings_of_state(row.state))
    return change_percent(row.base, row.value) if row.base else None
