"""The plan's alerts an hour and a day: which new alerts are kept silent, and the one time their user hears so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import next_tier_with_more
from backend.alerts.engine.quota import Period, Usage, held_by, periods_of
from backend.alerts.firing import repository
from backend.alerts.firing.repository import CAPS, FiringRule, StoredAlert
from backend.core import jobs
from backend.core.clock import from_unix
from backend.core.formats import iso
from backend.core.ids import derived_id
from backend.notifications.service import NewMessage

LIMIT_REACHED = "alert.limit_reached"
SUM_UP_TASK = "alerts.sum_up_held_back"
LOOK_SECONDS = 30.0
MOST_PERIODS = 6
Key = tuple[UUID, Period]


@dataclass(frozen=True, slots=True)
class FullPeriod:
    """An hour or a day in which a user's first alert was kept silent, and the rules of those that were."""

    user_id: UUID
    period: Period
    usage: Usage
    rule_ids: tuple[UUID, ...]

    @property
    def id(self) -> UUID:
        """The same id whoever finds it full."""
        return derived_id(LIMIT_REACHED, self.user_id, *self.period)

    @property
    def lock(self) -> str:
        """What its summary is known by in the line of jobs; while it stands there its user has been told."""
        return f"{SUM_UP_TASK}:{self.id}"

    @property
    def data(self) -> dict[str, Any]:
        """What its user is told."""
        return {
            "limit": self.usage.most,
            "per": self.period.name,
            "since": iso(from_unix(self.period.begins)),
            "until": iso(from_unix(self.period.ends)),
            "upgradeTo": next_tier_with_more(self.usage.tier, CAPS[self.period.seconds]),
        }


class QuotaBook:
    """What users have used of the hours and days.

    While only one chain is followed, nobody else stores alerts: what was there when a period was opened and what was
    stored since is all there is, and is counted here. With several chains, or when the room is used up, it is read.
    """

    def __init__(self) -> None:
        self._used: dict[Period, dict[UUID, int]] = {}  # each period that stands here is complete
        self._newest: dict[int, int] = {}  # by length, the number of the newest that was opened
        self._alone = False
        self._look_at = 0.0

    async def usage(
        self, session: AsyncSession, wanted: Mapping[UUID, int], tiers: Mapping[UUID, str], periods: Collection[Period]
    ) -> Mapping[Key, Usage]:
        """Return what users have used of the periods, exactly for those whose number of `wanted` alerts might not fit.

        `tiers` are the users' plans; those without a limit are left out.
        """
        await self._look_around(session)
        if self._alone:
            await self._open(session, periods)
        found: dict[Key, Usage] = {}
        asked: set[UUID] = set()
        for user_id, count in wanted.items():
            tier = tiers[user_id]
            for period in periods:
                most = repository.MOST.get((tier, period.seconds))
                if most is None:
                    continue
                used = self._used.get(period)
                if used is None or most - used.get(user_id, 0) < count:
                    asked.add(user_id)
                else:
                    found[user_id, period] = Usage(most, used.get(user_id, 0), tier)
        return found | await self._read(session, asked, periods) if asked else found

    def note(self, counted: Iterable[tuple[UUID, float]], step: int = 1) -> None:
        """Count alerts (user, block time) that were stored and told, after their commit; `step` -1: withdrawn."""
        for user_id, taken_at in counted:
            for period in periods_of(taken_at):
                if (used := self._used.get(period)) is not None:
                    used[user_id] = max(0, used.get(user_id, 0) + step)

    async def _look_around(self, session: AsyncSession) -> None:
        """See now and then whether other chains are followed, whose alerts are not counted here."""
        if monotonic() < self._look_at:
            return
        alone = await repository.is_only_chain(session)
        if alone != self._alone:
            self._used, self._newest = {}, {}
        self._alone, self._look_at = alone, monotonic() + LOOK_SECONDS

    async def _open(self, session: AsyncSession, periods: Collection[Period]) -> None:
        """Make the periods stand in the book. One after all that are known has no alerts yet, or we had stored them."""
        for period in sorted(set(periods) - self._used.keys()):
            seconds, number = period
            newest = self._newest.get(seconds)
            if newest is None:
                self._used[period] = {}
                self._used |= await repository.told_by_period(session, seconds, number)
                newest = max(each.number for each in self._used if each.seconds == seconds)
            elif number > newest:
                self._used[period], newest = {}, number
            elif period not in self._used:
                self._used[period] = (await repository.told_by_period(session, seconds, number, 1)).get(period, {})
            self._newest[seconds] = newest
            of_length = sorted(each for each in self._used if each.seconds == seconds)
            for old in of_length[: -len(periods) - MOST_PERIODS]:
                if old != period:
                    del self._used[old]

    async def _read(
        self, session: AsyncSession, asked: Collection[UUID], periods: Collection[Period]
    ) -> dict[Key, Usage]:
        found = await repository.read_usage(session, sorted(asked), list(periods))
        for (user_id, period), each in found.items():
            if period in self._used and each.used < each.most:  # at its limit, what is read stops counting
                self._used[period][user_id] = each.used
        return found


async def settle(
    session: AsyncSession,
    stored: Sequence[tuple[StoredAlert, tuple[Key, ...], bool]],
    usage: Mapping[Key, Usage],
) -> tuple[set[UUID], list[FullPeriod]]:
    """Return which of the new alerts are silent, and the hours and days that are full as of now.

    `stored` are the new alerts in stream order, each with its user's day and hour and whether it was written as
    suppressed. That was decided with those that turned out to be known already; where these left room, it is put right.
    An alert for which both are full is kept silent by the day.
    """
    full_keys: list[Key | None] = held_by([keys for _, keys, _ in stored], usage)
    wrong = [
        (row.id, row.triggered_at, full is not None)
        for (row, _, written), full in zip(stored, full_keys, strict=True)
        if (full is not None) != written
    ]
    if wrong:
        await repository.set_suppressed(session, wrong)
    rules: dict[Key, set[UUID]] = {}
    muted = set[UUID]()
    for (row, _, _), key in zip(stored, full_keys, strict=True):
        if key is not None:
            muted.add(row.id)
            rules.setdefault(key, set()).add(row.alert_rule_id)
    if not rules:
        return muted, []
    full = [FullPeriod(*key, usage[key], tuple(sorted(rule_ids))) for key, rule_ids in rules.items()]
    told_before = await jobs.locks_in_line(session, [each.lock for each in full])
    return muted, [each for each in full if each.lock not in told_before]


def messages(full: Sequence[FullPeriod], rules: Mapping[UUID, FiringRule]) -> list[NewMessage]:
    """Return the webhook messages that tell of full hours and days: one to each address that missed an alert."""
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
