"""The one interface of the two stores of snapshots: native partitions under row security, and TimescaleDB (ADR 16).

A store works in one transaction that somebody else opened and commits nothing. As the web it shows one user's rows; as
the worker everybody's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

Row = Mapping[Any, Any]
Unit = Literal["day", "week"]


@dataclass(frozen=True, slots=True)
class Place:
    """A user's hour or day."""

    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Block:
    """A block that a chain dropped."""

    chain_id: int
    block_hash: str
    taken_at: datetime


class SnapshotStore(Protocol):
    """Reads and writes snapshots and their roll-ups; hours and days (UTC) are named by their beginning."""

    async def write(self, rows: Sequence[Row]) -> list[Place]:
        """Write rows (records.row_of); return the hours that were written.

        One of an hour that has a snapshot taken later changes nothing; one that was taken later, or at the same time,
        or after the first was withdrawn, takes its place. Roll-ups of days that are rolled up follow at once.
        """
        ...

    async def latest(self, user_id: UUID, at: datetime, since: datetime, *, complete: bool = False) -> Row | None:
        """Return the newest row (the newest complete one) taken from `since` to `at`, None when there is none."""
        ...

    async def hours(self, user_id: UUID, start: datetime, end: datetime) -> Sequence[Row]:
        """Return hour, taken_at, total_value_usd, net_flow_usd, is_complete from `start` to before `end`, in order."""
        ...

    async def blocks(self, user_id: UUID, start: datetime, end: datetime) -> Sequence[Row]:
        """Return hour, taken_at, is_complete, chain_breakdown from `start` to before `end`, in order."""
        ...

    async def rollups(self, user_id: UUID, unit: Unit, start: datetime, end: datetime) -> Sequence[Row]:
        """Return the figures of roll-ups that begin from `start` to before `end`, in order; whole ones only."""
        ...

    async def rolled_day(self, user_id: UUID, day: datetime) -> Row | None:
        """Return a day's roll-up with its chains_usd and categories_usd, None when there is none."""
        ...

    async def rolled_until(self) -> datetime | None:
        """Return the first day that is not rolled up, None when none is."""
        ...

    async def tracked_since(self, user_id: UUID) -> datetime | None:
        """Return when the oldest roll-up or hour of the user begins, None when there is neither."""
        ...

    async def set_flows(self, user_id: UUID, flows: Sequence[Row]) -> None:
        """Note what came in less what went out in hours (rows: hour, net_flow_usd); roll-ups follow."""
        ...

    async def oldest_hour(self) -> datetime | None:
        """Return the oldest hour of anybody."""
        ...

    async def roll_up_day(self, day: datetime) -> None:
        """Roll a day of everybody up, again if it was, with its week; days up to it count as rolled up then."""
        ...

    async def withdraw(self, blocks: Sequence[Block], now: datetime) -> list[Place]:
        """Mark the snapshots that rest on dropped blocks; return their hours. Marked ones count nowhere."""
        ...

    async def withdrawn_for(self, since: datetime) -> list[tuple[int, str]]:
        """Return the blocks (chain, hash) that snapshots since then are marked for."""
        ...

    async def restore(self, blocks: Sequence[tuple[int, str]], since: datetime) -> list[Place]:
        """Take the mark off snapshots that are marked for blocks (chain, hash); return their hours."""
        ...

    async def mark(self, name: str) -> datetime | None:
        """Return how far some work has come."""
        ...

    async def set_mark(self, name: str, reached: datetime) -> None:
        """Note how far some work has come."""
        ...

    async def erase(self, user_id: UUID) -> None:
        """Delete all rows of a user."""
        ...
