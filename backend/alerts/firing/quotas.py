"""The plan's alerts an hour: which of the new alerts are kept silent, and the one time their user is told so."""

from collections.abc import Iterable, Mapping, Sequence
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
KEPT_SECONDS = 600.0
MOST_KNOWN = 200_000
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
    """What the users of this consumer's rules have used of the hours.

    While only one chain is followed, nobody else stores alerts: what was read or stored here is all there is, and is
    not read again for KEPT_SECONDS (a smaller plan counts then at the latest) unless the room is used up.
    """

    def __init__(self) -> None:
        self._known: dict[Key, Usage] = {}
        self._fresh_until = 0.0

    async def usage(
        self, session: AsyncSession, wanted: Mapping[UUID, int], hours: Sequence[int]
    ) -> Mapping[Key, Usage]:
        """Return what users have used of the hours, exactly for those whose number of `wanted` alerts might not fit."""
        if monotonic() >= self._fresh_until or len(self._known) > MOST_KNOWN:
            self.forget()
        keys = [(user_id, hour) for user_id in wanted for hour in hours]
        known = {key: usage for key in keys if (usage := self._known.get(key)) and usage.room >= wanted[key[0]]}
        if len(known) == len(keys):
            return known
        asked = {user_id for user_id, hour in keys if (user_id, hour) not in known}
        found, alone = await repository.read_usage(session, sorted(asked), hours)
        if alone:
            self._known.update(found)
        return known | found

    def note(self, told: Iterable[tuple[UUID, float]]) -> None:
        """Count alerts (user, block time) that were stored and told, after their commit."""
        for user_id, taken_at in told:
            key = (user_id, hour_of(taken_at))
            if (usage := self._known.get(key)) is not None:
                self._known[key] = Usage(usage.most, usage.used + 1, usage.tier)

    def forget(self) -> None:
        """Read everything again: something was withdrawn, or time has passed."""
        self._known.clear()
        self._fresh_until = monotonic() + KEPT_SECONDS


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
