"""When a message to a person goes out: at once, or held for quiet hours, a digest or others of its rule. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Why = Literal["quiet", "digest", "group"]
Digest = Literal["off", "hourly", "daily"]


@dataclass(frozen=True, slots=True)
class HoldingRules:
    """What a user chose. `quiet_from` and `quiet_to` are wall times of `time_zone`, both or neither."""

    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_to: time | None = None
    critical_kinds: frozenset[str] = frozenset()
    digest: Digest = "off"
    digest_at: time = time(8)
    group_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Until when a message waits and why; those of one target with the same key go out as one."""

    until: datetime
    why: Why
    key: str


def hold(rules: HoldingRules, kind: str, rule_id: str, now: datetime) -> Hold | None:
    """Return how long a message of a kind waits that came `now` (with a time zone), None: it goes at once.

    A digest decides before grouping; what would be due in quiet hours waits for their end. Whatever one's own choice
    holds back is never longer than a day and a night.
    """
    if kind in rules.critical_kinds:
        return None
    zone = ZoneInfo(rules.time_zone)
    found = _digest(rules, zone, now) or _group(rules, rule_id, now)
    due = found.until if found else now
    if (end := _end_of_quiet(rules, zone, due)) is not None:
        return Hold(end, "quiet", found.key if found and found.why == "digest" else "quiet")
    return found


def _digest(rules: HoldingRules, zone: ZoneInfo, now: datetime) -> Hold | None:
    local = now.astimezone(zone)
    if rules.digest == "hourly":
        # In UTC, then up to the zone's own full hour: some zones are half an hour off.
        into_the_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return Hold(now.astimezone(UTC) + timedelta(hours=1) - into_the_hour, "digest", "digest")
    if rules.digest == "daily":
        return Hold(_next(rules.digest_at, zone, now), "digest", "digest")
    return None


def _group(rules: HoldingRules, rule_id: str, now: datetime) -> Hold | None:
    if rules.group_seconds <= 0:
        return None
    return Hold(now.astimezone(UTC) + timedelta(seconds=rules.group_seconds), "group", f"rule:{rule_id}")


def _end_of_quiet(rules: HoldingRules, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """Return when the quiet hours end that a moment lies in, None when it lies in none."""
    start, end = rules.quiet_from, rules.quiet_to
    if start is None or end is None or start == end:
        return None
    wall = moment.astimezone(zone).time()
    is_quiet = start <= wall < end if start < end else wall >= start or wall < end
    return _next(end, zone, moment) if is_quiet else None


def _next(wall: time, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first moment after `after` at which clocks of the zone show `wall`.

    On the night when it is skipped: as long after midnight as it would have been. When it comes twice: either.
    """
    today = after.astimezone(zone).date()
    for day in (today, today + timedelta(days=1), today + timedelta(days=2)):
        for fold in (0, 1):
            moment = _at(day, wall, zone, fold)
            if moment > after:
                return moment
    raise ValueError("no such time within two days")


def _at(day: date, wall: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC)
