"""The plan's alerts an hour and a day: which new alerts are kept silent, and the one time their user hears so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import next_tier_with_more
from backend.alerts.engine.quota import Period, Usage, held_by
from backend.alerts.firing import repository
from backend.alerts.firing.quota_book import Key
from backend.alerts.firing.repository import CAPS, FiringRule, StoredAlert
from backend.core import jobs
from backend.core.clock import from_unix
from backend.core.formats import iso
from backend.core.ids import derived_id
from backend.notifications.service import NewMessage

LIMIT_REACHED = "alert.limit_reached"
SUM_UP_TASK = "alerts.sum_up_held_back"


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
