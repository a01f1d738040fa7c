"""Stored readings and occurrences as the events that they are emitted as."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.blocks import Header
from backend.chain.events import Event, Occurrence, Reading
from backend.core.clock import from_unix
from backend.core.money import engine_decimal
from backend.market import readings_repository as repository
from backend.market.engine.tvl import Holdings, change_percent_in_tokens
from backend.market.metrics import SILENT, TVL, WINDOWS
from backend.market.pricing import change_percent

_Row = dict[str, Any]
_Changes = dict[int, tuple[Decimal | None, Decimal]]


def state_of_holdings(holdings: Holdings) -> dict[str, list[str]]:
    """Return holdings as they are stored beside a reading of value locked."""
    return {token: [format(amount, "f"), format(price, "f")] for token, (amount, price) in holdings.items()}


def holdings_of_state(state: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the holdings that were stored."""
    return {token: (Decimal(amount), Decimal(price)) for token, (amount, price) in (state or {}).items()}


async def events_of_block(
    session: AsyncSession, chain_id: int, header: Header, *, with_occurrences: bool = True
) -> list[Event]:
    """Return a stored block's readings by metric and subject, then its occurrences by index (unless there are none)."""
    at = from_unix(header.taken_at)
    rows = await repository.block_readings(session, chain_id, header.hash, at, WINDOWS, SILENT)
    common = {
        "chain_id": chain_id,
        "block_number": header.number,
        "block_hash": header.hash,
        "taken_at": header.taken_at,
    }
    events: list[Event] = []
    for (metric, subject), group in groupby(rows, key=lambda row: (row["metric"], row["subject"])):
        windows = list(group)
        first = windows[0]
        previous = first["previous_value"]
        events.append(
            Reading(
                id=f"{chain_id}:{header.hash}:r:{metric}:{subject}",
                **common,
                metric=metric,
                subject=subject,
                value=engine_decimal(first["value"]),
                previous_value=None if previous is None else engine_decimal(previous),
                previous_taken_at=first["previous_taken_at"],
                source=first["source"],
                changes=_token_changes(windows) if metric == TVL else _changes(windows),
                label=first["label"],
                details=first["details"],
            )
        )
    for row in await repository.block_occurrences(session, chain_id, header.hash, at) if with_occurrences else ():
        value = row["value"]
        events.append(
            Occurrence(
                id=f"{chain_id}:{header.hash}:{row['log_index']}:{row['topic']}",
                **common,
                topic=row["topic"],
                subject=row["subject"],
                source=row["source"],
                value=None if value is None else engine_decimal(value),
                label=row["label"],
                tx_hash=row["tx_hash"],
                log_index=row["log_index"],
                details=row["details"],
            )
        )
    return events


def _changes(windows: Sequence[_Row]) -> _Changes:
    changes: _Changes = {}
    for row in windows:
        if row["seconds"] is None or not row["base_now"]:
            continue
        before = change_percent(row["base_before"], row["previous_value"]) if row["base_before"] else None
        changes[row["seconds"]] = (before, change_percent(row["base_now"], row["value"]))
    return changes


def _token_changes(windows: Sequence[_Row]) -> _Changes:
    changes: _Changes = {}
    for row in windows:
        if row["base_now_state"] is None:
            continue
        now = change_percent_in_tokens(holdings_of_state(row["base_now_state"]), holdings_of_state(row["state"]))
        if now is None:
            continue
        before = None
        if row["base_before_state"] is not None and row["previous_state"] is not None:
            before = change_percent_in_tokens(
                holdings_of_state(row["base_before_state"]), holdings_of_state(row["previous_state"])
            )
        changes[row["seconds"]] = (before, now)
    return changes
