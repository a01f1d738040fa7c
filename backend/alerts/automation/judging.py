"""Judges a guard as of an event, on the readings that are stored, and says what was read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.automation import repository
from backend.alerts.automation.guards import guard_sentence, reading_of_leaf
from backend.alerts.engine.trees import Node, Verdict, holds, judge, leaves
from backend.core.formats import iso
from backend.core.money import plain

_WORDS = {True: "holds", False: "does not hold", None: "cannot be told"}


@dataclass(frozen=True, slots=True)
class Moment:
    """The event that a guard is judged as of: its block (None: it belongs to no chain) and time."""

    chain_id: int
    block_number: int | None
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict (None: unknown), and what each leaf read, fit for JSON."""

    verdict: Verdict
    read: list[dict[str, Any]]

    @property
    def word(self) -> str:
        """The verdict in words."""
        return _WORDS[self.verdict]


async def judge_guard(session: AsyncSession, guard: Node, moment: Moment) -> Judged:
    """Return whether a guard held at a moment, on the readings that were taken by then.

    A leaf is unknown when nothing was read, when its newest reading is older than its `within`, or when a change has
    no reading that is old enough to compare with.
    """
    verdicts: dict[int, Verdict] = {}
    read: list[dict[str, Any]] = []
    for leaf in leaves(guard):
        verdict, details = await _judge_leaf(session, leaf, moment)
        verdicts[id(leaf)] = verdict
        read.append({"condition": guard_sentence(leaf, {}), "verdict": _WORDS[verdict], **details})
    return Judged(judge(guard, lambda leaf: verdicts[id(leaf)]), read)


async def _judge_leaf(session: AsyncSession, leaf: Node, moment: Moment) -> tuple[Verdict, dict[str, Any]]:
    wanted = reading_of_leaf(leaf)
    block = moment.block_number if wanted.chain_id == moment.chain_id else None
    series = (wanted.metric, wanted.chain_id, wanted.subject)
    found = await repository.reading_at(session, *series, moment.taken_at, block)
    if found is None:
        return None, {"problem": "Nothing was read yet."}
    details: dict[str, Any] = {
        "value": plain(found.value.normalize()),
        "readAt": iso(found.taken_at),
        "block": found.block_number,
        "source": found.source,
        "threshold": plain(wanted.threshold),
    }
    age = (moment.taken_at - found.taken_at).total_seconds()
    if leaf.get("within") is not None and age > leaf["within"]:
        return None, {**details, "problem": f"The newest reading is {age:.0f} s old; at most {leaf['within']} s count."}
    value = found.value
    if wanted.window:
        base_at = found.taken_at - timedelta(seconds=wanted.window)
        base = await repository.reading_at(session, *series, base_at, None)
        if base is None or not base.value:
            return None, {**details, "problem": "No reading is old enough to compare with."}
        value = (found.value / base.value - 1) * 100
        details |= {
            "from": plain(base.value.normalize()),
            "fromReadAt": iso(base.taken_at),
            "changePct": _rounded(value),
        }
    return holds(wanted.test, value, wanted.threshold), details


def _rounded(value: Decimal) -> str:
    return plain(value.quantize(Decimal("0.0001")).normalize())
