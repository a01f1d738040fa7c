"""Readings of a portfolio for the alerts engine, pure: a new snapshot beside those before it.

Only complete snapshots are read: a chain that did not answer is no fall of a portfolio. A holding's id is
`{chain}:{token}`; one that is gone from a chain that was read is worth zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from backend.alerts.service import PORTFOLIO_ASSET_USD, PORTFOLIO_VALUE_USD
from backend.chain.events import Reading
from backend.core.money import engine_decimal
from backend.portfolio.snapshots.records import EXACT, Snapshot, sum_by

Bases = Mapping[int, Snapshot | None]


@dataclass(frozen=True, slots=True)
class Before:
    """The complete snapshot before a new one, and by window in seconds the newest complete one at least that old.

    `now` are the bases of the new snapshot, `then` those of the one before it. None: there is none.
    """

    snapshot: Snapshot | None
    now: Bases
    then: Bases


def readings_of(snapshot: Snapshot, before: Before) -> list[Reading]:
    """Return the readings of a complete snapshot: its total, and each holding's value where all of it is known."""
    owner = str(snapshot.user_id)
    made = [_reading(snapshot, before, PORTFOLIO_VALUE_USD, owner, None)]
    held = _by_asset(snapshot).keys()
    if before.snapshot is not None:
        held |= _by_asset(before.snapshot).keys()
    for part in sorted(held):
        made.append(_reading(snapshot, before, PORTFOLIO_ASSET_USD, f"{owner}/{part}", part))
    return [reading for reading in made if reading is not None]


def _reading(snapshot: Snapshot, before: Before, metric: str, subject: str, part: str | None) -> Reading | None:
    value = _value(snapshot, part)
    if value is None:
        return None
    previous = before.snapshot
    previous_value = _value(previous, part) if previous is not None else None
    at = int(snapshot.taken_at.timestamp())
    return Reading(
        id=f"portfolio:{snapshot.user_id}:{at}:{metric}:{part or ''}",
        chain_id=0,
        block_number=0,
        block_hash="",
        taken_at=at,
        metric=metric,
        subject=subject,
        value=value,
        previous_value=previous_value,
        previous_taken_at=int(previous.taken_at.timestamp()) if previous is not None else None,
        source=f"snapshot of {len(snapshot.chains)} chain{'' if len(snapshot.chains) == 1 else 's'}",
        changes=_changes(value, previous_value, before, part),
    )


def _changes(
    value: Decimal, previous: Decimal | None, before: Before, part: str | None
) -> dict[int, tuple[Decimal | None, Decimal]]:
    changes = {}
    for window, base in before.now.items():
        change = _change(_value(base, part) if base is not None else None, value)
        if change is not None:
            older = before.then.get(window)
            changes[window] = (_change(_value(older, part) if older is not None else None, previous), change)
    return changes


def _change(base: Decimal | None, value: Decimal | None) -> Decimal | None:
    """Return the change from a base in percent, None when one is unknown or the base is not above zero."""
    if base is None or value is None or base <= 0:
        return None
    with localcontext(EXACT):
        return engine_decimal((value / base - 1) * 100)


def _value(snapshot: Snapshot, part: str | None) -> Decimal | None:
    """Return the total, or what a holding is worth: zero when it is not there and its chain was read, else None."""
    if part is None:
        return engine_decimal(snapshot.total_value_usd)
    known = _by_asset(snapshot)
    if part in known:
        worth = known[part]
        return None if worth is None else engine_decimal(worth)
    return Decimal(0) if int(part.partition(":")[0]) in snapshot.chains_usd() else None


def _by_asset(snapshot: Snapshot) -> dict[str, Decimal | None]:
    """Return the value of every holding by its id, None where a part of it is unknown."""
    sums = sum_by((f"{part.chain_id}:{part.token}", part.value_usd) for part in snapshot.assets)
    unknown = {f"{part.chain_id}:{part.token}" for part in snapshot.assets if part.value_usd is None}
    return {**sums, **dict.fromkeys(unknown)}
