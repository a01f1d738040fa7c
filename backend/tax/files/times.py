"""Times as files have them: ISO, epochs, named months, either order of day and month; in their zone or the file's.

A time of an hour that a zone had twice (autumn) is the first of the two. A date alone is noon of it: the same day in
all places whose rules are known, wherever the file was written. Midnight would be the day before in America.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 2009, 2100  # the first block is of January 2009
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_YEAR, _DAY, _NAME = r"(?P<year>\d{4})(?!\d)", r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<name>[a-z]{3,9})"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?"
_DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)"),
    re.compile(rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark){_YEAR}"),
    re.compile(rf"{_WEEKDAY}{_DAY}[ .-]+{_NAME}\.?,?[ -]+{_YEAR}"),
    re.compile(rf"{_WEEKDAY}{_NAME}\.? {_DAY},? {_YEAR}"),
)
_SHORT_YEAR = re.compile(r"(?P<year>\d{2})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)")
_CLOCK = re.compile(
    r"[ t,]*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r" ?(?:(?P<half>[ap])\.?m\.?)?"
)
_ZONE = re.compile(
    r" ?\(?(?:(?P<utc>z|utc|gmt)(?:[+-]0?0:?(?:00)?)?"
    r"|(?:utc|gmt)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)\)?"
)
_REMARK = re.compile(r" ?\([a-z ]+\)$")
_EITHER_ORDER = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})[/-]\d{4}(?!\d)")
_EPOCH = re.compile(r"(\d{9,10}|\d{12,13}|\d{15,16})(?:\.(\d+))?")
_MIDNIGHT = (" 00:00", "T00:00", " 00:00:00", "T00:00:00", " 0:00", " 0:00:00", " 00:00:00.000", "T00:00:00.000")
_DATE_LENGTH, _NOON = len("2024-12-31"), 12
_EXAMPLE = "write it like 2024-12-31 18:05:00"


@dataclass(frozen=True, slots=True)
class TimeStyle:
    """How the times of a file are read: their zone where they name none, and whether 5/9 is the fifth of September.

    `day_first` None: the file does not show it. `short_years`: 24-12-31 is of 2024. `only_days`: every time is
    midnight, as spreadsheets write dates.
    """

    zone: tzinfo = UTC
    day_first: bool | None = None
    short_years: bool = False
    only_days: bool = False


def zone_named(name: str) -> tzinfo:
    """Return a zone of the IANA database. Raises ValueError for a name that it does not have."""
    if name.upper() in ("UTC", "GMT", "ETC/UTC", "Z", ""):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name[:40]}") from None


def is_midnight(text: str) -> bool:
    """Return whether a time is a date, or midnight without a zone."""
    return len(text) <= _DATE_LENGTH or text.endswith(_MIDNIGHT)


def day_is_first(texts: Iterable[str]) -> bool | None:
    """Return whether days stand before months in the dates of a file; None where no date tells, or they disagree."""
    found: set[bool] = set()
    for text in texts:
        match = _EITHER_ORDER.match(text)
        if match is None:
            continue
        one, two = int(match.group(1)), int(match.group(2))
        if one > 12:
            found.add(True)
        elif two > 12:
            found.add(False)
    return found.pop() if len(found) == 1 else None


def moment(text: str, style: TimeStyle) -> datetime:
    """Return a time in UTC. Raises ValueError, with what to do, for what is no time or can be read in two ways."""
    try:
        # The fast way. Only what has separators: 20240131 could be a number.
        is_iso = text[4:5] == "-" and text[7:8] == "-"
        found = datetime.fromisoformat(text) if is_iso else _slowly(text, style)
        if is_iso and len(text) == _DATE_LENGTH:
            found = found.replace(hour=_NOON)
    except ValueError:
        found = _slowly(text, style)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"“{text.strip()[:40]}” is not between {FIRST_YEAR} and {LAST_YEAR}")
    if found.tzinfo is None:
        if style.only_days:
            found = found.replace(hour=_NOON)
        if style.zone is UTC:
            return found.replace(tzinfo=UTC)
        found = found.replace(tzinfo=style.zone)
    return found.astimezone(UTC)


def _slowly(text: str, style: TimeStyle) -> datetime:
    cleaned = " ".join(text.split()).casefold()
    epoch = _EPOCH.fullmatch(cleaned)
    if epoch:
        return _of_epoch(epoch.group(1), epoch.group(2))
    patterns = (*_DATES, _SHORT_YEAR) if style.short_years else _DATES
    date = next((found for found in (pattern.match(cleaned) for pattern in patterns) if found), None)
    if date is None:
        raise ValueError(f"“{text.strip()[:40]}” is no date: {_EXAMPLE}")
    year, month, day = _date_of(date.groupdict(), text, style)
    rest = _REMARK.sub("", cleaned[date.end() :])
    clock = _CLOCK.match(rest)
    hour, minute, second, micro = _clock_of(clock.groupdict(), text) if clock else (_NOON, 0, 0, 0)
    rest = rest[clock.end() :] if clock else rest
    zone: tzinfo | None = None
    if rest.strip():
        zone = _zone_of(rest.strip(), text)
    try:
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
    except ValueError:
        raise ValueError(f"“{text.strip()[:40]}” is a date that there is not") from None


def _date_of(found: dict[str, str], text: str, style: TimeStyle) -> tuple[int, int, int]:
    year = int(found["year"])
    year = year + 2000 if year < 100 else year
    if "name" in found:
        month = _MONTHS.get(found["name"][:3])
        if month is None:
            raise ValueError(f"“{text.strip()[:40]}” has a month that is not English: {_EXAMPLE}")
        return year, month, int(found["day"])
    if "month" in found:
        return year, int(found["month"]), int(found["day"])
    one, two = int(found["one"]), int(found["two"])
    if found["mark"] == "." or one > 12:
        return year, two, one
    if two > 12:
        return year, one, two
    if style.day_first is None and one != two:
        raise ValueError(
            f"“{text.strip()[:40]}”: the file does not show whether the day or the month stands first. "
            "Choose the order of its dates"
        )
    return (year, two, one) if style.day_first else (year, one, two)


def _clock_of(found: dict[str, str | None], text: str) -> tuple[int, int, int, int]:
    hour, minute, second = int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"“{text.strip()[:40]}” is no time of day")
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"“{text.strip()[:40]}” is no time of day")
    return hour, minute, second, int((found["part"] or "0").ljust(6, "0")[:6])


def _zone_of(rest: str, text: str) -> tzinfo:
    found = _ZONE.fullmatch(rest)
    if found is None:
        raise ValueError(f"“{text.strip()[:40]}” ends with a time zone that is not known: write +02:00, or UTC")
    if found.group("utc"):
        return UTC
    offset = timedelta(hours=int(found.group("hours")), minutes=int(found.group("minutes") or 0))
    if offset >= timedelta(hours=24):
        raise ValueError(f"“{text.strip()[:40]}” ends with a time zone that there is not")
    return timezone(-offset if found.group("sign") == "-" else offset)


def _of_epoch(digits: str, part: str | None) -> datetime:
    micros = int(digits) * 10 ** (16 - len(digits) if len(digits) in (10, 13, 16) else 15 - len(digits))
    if part and len(digits) <= 10:
        micros += int(part.ljust(6, "0")[:6])
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
