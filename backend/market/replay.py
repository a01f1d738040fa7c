"""Stored series as the events that they were emitted as, in the order of their blocks: for back-evaluation.

What a block's events said of its own series follows from the rows alone: the reading before, and the change over a
window at both, by the very functions that the follower uses.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.events import CHANGE_WINDOWS_SECONDS, Occurrence, PriceUpdate, Reading
from backend.core.money import engine_decimal
from backend.market import replay_repository as repository
from backend.market.engine.tvl import change_percent_in_tokens
from backend.market.metrics import TVL, WINDOWS
from backend.market.pricing import change_percent
from backend.market.stored_readings import holdings_of_state

_Row = Mapping[str, Any]
_Changes = dict[int, tuple[Decimal | None, Decimal]]
_Measure = Callable[[_Row, _Row], Decimal | None]


async def price_events(
    session: AsyncSession,
    chain_id: int,
    token: str,
    since: datetime,
    until: datetime,
    at_most: int,
    windows: Sequence[int] = (),
) -> list[PriceUpdate]:
    """Return a token's price readings in a span as events, at most the newest so many, with changes over `windows`."""
    wanted = [window for window in windows if window in CHANGE_WINDOWS_SECONDS]
    begin = since - timedelta(seconds=max(wanted, default=0) + 120)
    rows = await repository.price_rows(
        session, chain_id=chain_id, token=token, since=begin, until=until, at_most=at_most
    )
    symbol = await repository.symbol_of(session, chain_id, token)
    changes = _changes_of(rows, wanted, _plain_change)
    return [
        PriceUpdate(
            id=f"{chain_id}:{row['block_hash']}:price:{token}",
            **_block(chain_id, row),
            token=token,
            symbol=symbol,
            price_usd=engine_decimal(row["value"]),
            previous_price_usd=engine_decimal(rows[place - 1]["value"]) if place else None,
            source=row["source"],
            changes=changes[place],
        )
        for place, row in enumerate(rows)
        if row["taken_at"] >= since
    ]


async def reading_events(
    session: AsyncSession,
    chain_id: int,
    metric: str,
    subject: str,
    since: datetime,
    until: datetime,
    at_most: int,
) -> list[Reading]:
    """Return a metric's readings in a span as events, at most so many (the newest), with changes over its windows."""
    windows = [seconds for name, seconds in WINDOWS if name == metric]
    begin = since - timedelta(seconds=max(windows, default=0) + 120)
    rows = await repository.metric_rows(
        session,
        chain_id=chain_id,
        metric=metric,
        subject=subject,
        since=begin,
        until=until,
        at_most=at_most,
        with_state=metric == TVL,
    )
    changes = _changes_of(rows, windows, _token_change if metric == TVL else _plain_change)
    return [
        Reading(
            id=f"{chain_id}:{row['block_hash']}:r:{metric}:{subject}",
            **_block(chain_id, row),
            metric=metric,
            subject=subject,
            value=engine_decimal(row["value"]),
            previous_value=engine_decimal(rows[place - 1]["value"]) if place else None,
            previous_taken_at=int(rows[place - 1]["taken_at"].timestamp()) if place else None,
            source=row["source"],
            changes=changes[place],
            label=row["label"],
            details=row["details"],
        )
        for place, row in enumerate(rows)
        if row["taken_at"] >= since
    ]


async def occurrence_events(
    session: AsyncSession, chain_id: int, topic: str, subject: str, since: datetime, until: datetime, at_most: int
) -> list[Occurrence]:
    """Return what occurred in a span (to `subject`, "": to anything) as events, at most so many (the newest)."""
    rows = await repository.occurrence_rows(
        session, chain_id=chain_id, topic=topic, subject=subject, since=since, until=until, at_most=at_most
    )
    return [
        Occurrence(
            id=f"{chain_id}:{row['block_hash']}:{row['log_index']}:{topic}",
            **_block(chain_id, row),
            topic=topic,
            subject=row["subject"],
            source=row["source"],
            value=None if row["value"] is None else engine_decimal(row["value"]),
            label=row["label"],
            tx_hash=row["tx_hash"],
            log_index=row["log_index"],
            details=row["details"],
        )
        for row in rows
    ]


def _block(chain_id: int, row: _Row) -> dict[str, Any]:
    return {
        "chain_id": chain_id,
        "block_number": row["block_number"],
        "block_hash": row["block_hash"],
        "taken_at": int(row["taken_at"].timestamp()),
    }


def _changes_of(rows: Sequence[_Row], windows: Sequence[int], measure: _Measure) -> list[_Changes]:
    """Return each row's changes: from the newest row that is at least a window older, to it and to the row before."""
    found: list[_Changes] = [{} for _ in rows]
    for window in windows:
        span, base, before = timedelta(seconds=window), -1, None
        for place, row in enumerate(rows):
            while base + 1 < place and rows[base + 1]["taken_at"] <= row["taken_at"] - span:
                base += 1
            now = measure(rows[base], row) if base >= 0 else None
            if now is not None:
                found[place][window] = (before, now)
            before = now
    return found


def _plain_change(base: _Row, row: _Row) -> Decimal | None:
    return change_percent(base["value"], row["value"]) if base["value"] else None


def _token_change(base: _Row, row: _Row) -> Decimal | None:
    if base["state"] is None or row["state"] is None:
        return None
    return change_percent_in_tokens(holdings_of_state(base["state"]), holdings_of_state(row["state"]))
