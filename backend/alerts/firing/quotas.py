"""The plan's alerts an hour: which of the new alerts are kept silent, and the one time their user is told so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, next_tier_with_more
from backend.alerts.engine.quota import HOUR_SECONDS, Usage, hour_of, silent
from backend.alerts.firing import repository
from backend.alerts.firing.repository import FiringRule, StoredAlert
from backend.core.clock import from_unix
from backend.core.formats import iso
from backend.core.ids import derived_id
from backend.notifications.service import NewMessage

LIMIT_REACHED = "alert.limit_reached"
LOOK_SECONDS = 30.0
MOST_HOURS = 6
Key = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class FullHour:
    """An hour in which a user's first alert was kept silent, and the rules of those that were."""

    user_id: UUID
    hour: int
    usage: Usage
    rule_ids: tuple[UUID, ...]

    @property
    def id(self) -> UUID:
        """The same id whoever finds the hour full."""
        return derived_id(LIMIT_REACHED, self.user_id, self.hour)

    @property
    def data(self) -> dict[str, Any]:
        """What its user is told."""
        return {
            "limit": self.usage.most,
            "since": iso(from_unix(self.hour * HOUR_SECONDS)),
            "until": iso(from_unix((self.hour + 1) * HOUR_SECONDS)),
            "upgradeTo": next_tier_with_more(self.usage.tier, Cap.ALERTS_PER_HOUR),
        }


class HourBook:
    """What users have used of the hours.

    While only one chain is followed, nobody else stores alerts: what was there when an hour was opened and what was
    stored since is all there is, and is counted here. With several chains, or when the room is used up, it is read.
    """

    def __init__(self) -> None:
        self._used: dict[int, dict[UUID, int]] = {}  # each hour that stands here is complete
        self._newest: int | None = None
        self._alone = False
        self._look_at = 0.0

    async def usage(
        self, session: AsyncSession, wanted: Mapping[UUID, int], tiers: Mapping[UUID, str], hours: Collection[int]
    ) -> Mapping[Key, Usage]:
        """Return what users have used of the hours, exactly for those whose number of `wanted` alerts might not fit.

        `tiers` are the users' plans; those without a limit are left out.
        """
        await self._look_around(session)
        if self._alone:
            await self._open(session, hours)
        found: dict[Key, Usage] = {}
        asked: set[UUID] = set()
        for user_id, count in wanted.items():
            tier = tiers[user_id]
            most = repository.ALERTS_PER_HOUR.get(tier)
            if most is None:
                continue
            for hour in hours:
                used = self._used.get(hour)
                if used is None or most - used.get(user_id, 0) < count:
                    asked.add(user_id)
                else:
                    found[user_id, hour] = Usage(most, used.get(user_id, 0), tier)
        return found | await self._read(session, asked, hours) if asked else found

    def note(self, counted: Iterable[tuple[UUID, float]], step: int = 1) -> None:
        """Count alerts (user, block time) that were stored and told, after their commit; `step` -1: withdrawn."""
        for user_id, taken_at in counted:
            if (used := self._used.get(hour_of(taken_at))) is not None:
                used[user_id] = max(0, used.get(user_id, 0) + step)

    async def _look_around(self, session: AsyncSession) -> None:
        """See now and then whether other chains are followed, whose alerts are not counted here."""
        if monotonic() < self._look_at:
            return
        alone = await repository.is_only_chain(session)
        if alone != self._alone:
            self._used, self._newest = {}, None
        self._alone, self._look_at = alone, monotonic() + LOOK_SECONDS

    async def _open(self, session: AsyncSession, hours: Collection[int]) -> None:
        """Make the hours stand in the book. One after all that are known has no alerts yet, or we had stored them."""
        missing = sorted(set(hours) - self._used.keys())
        if missing and self._newest is None:
            counts = await repository.told_by_hour(session, missing[0])
            self._used |= {hour: counts.get(hour, {}) for hour in {*counts, *missing}}
            self._newest = max(self._used)
            return
        for hour in missing:
            if self._newest is not None and hour > self._newest:
                self._used[hour], self._newest = {}, hour
            else:
                self._used[hour] = (await repository.told_by_hour(session, hour, hour + 1)).get(hour, {})
        while missing and len(self._used) > len(hours) + MOST_HOURS:
            del self._used[min(self._used)]

    async def _read(self, session: AsyncSession, asked: Collection[UUID], hours: Collection[int]) -> dict[Key, Usage]:
        found = await repository.read_usage(session, sorted(asked), list(hours))
        for (user_id, hour), each in found.items():
            if hour in self._used and each.used < each.most:  # at its limit, what is read stops counting
                self._used[hour][user_id] = each.used
        return found


async def settle(
    session: AsyncSession,
    stored: Sequence[tuple[StoredAlert, Key | None, bool]],
    usage: Mapping[Key, Usage],
) -> tuple[set[UUID], list[FullHour]]:
    """Return which of the new alerts are silent, and the hours that are full as of now.

    `stored` are the new alerts in stream order, each with its user and hour and whether it was written as suppressed.
    That was decided with those that turned out to be known already; where these left room, it is put right.
    """
    flags = silent([key for _, key, _ in stored], usage)
    wrong = [
        (row.id, row.triggered_at, flag)
        for (row, _, written), flag in zip(stored, flags, strict=True)
        if flag != written
    ]
    if wrong:
        await repository.set_suppressed(session, wrong)
    muted = [(row, key) for (row, key, _), flag in zip(stored, flags, strict=True) if flag and key is not None]
    if not muted:
        return set(), []
    rules: dict[Key, set[UUID]] = {}
    for row, key in muted:
        rules.setdefault(key, set()).add(row.alert_rule_id)
    ids = {row.id for row, _ in muted}
    told_before = await repository.hours_with_silent(session, list(rules), list(ids))
    return ids, [
        FullHour(*key, usage[key], tuple(sorted(rule_ids))) for key, rule_ids in rules.items() if key not in told_before
    ]


def messages(full: Sequence[FullHour], rules: Mapping[UUID, FiringRule]) -> list[NewMessage]:
    """Return the webhook messages that tell of full hours: one to each address that missed an alert."""
    found = []
    for each in full:
        actions = [action for rule_id in each.rule_ids for action in rules[rule_id].actions or ()]
        for url in sorted({action["destination"] for action in actions if action.get("type") == "webhook"}):
            found.append(
                NewMessage(
                    id=derived_id(LIMIT_REACHED, each.id, url),
                    user_id=each.user_id,
                    destination=url,
                    event_type=LIMIT_REACHED,
                    payload=each.data,
                )
            )
    return found
