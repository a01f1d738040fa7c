"""The history's filters: they live in the address, so a filtered view can be kept, shared and gone back to."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from backend.alerts.kinds.registry import all_kinds
from backend.alerts.schemas import AlertStatus, HistoryFilter, HistorySort
from components.i18n import t
from state.view_models import Chip, ListHead

ADDRESS = "/alerts/history/"
SORTS: tuple[HistorySort, ...] = get_args(HistorySort)
FIRST_YEAR, LAST_YEAR = 2009, 2100
MOST_PAGE_DIGITS = 5
STATUSES: tuple[AlertStatus, ...] = get_args(AlertStatus)
# Columns of the list: key, class, what it is sorted by and which way first (none: it is not).
_HEADS: tuple[tuple[str, str, str, str], ...] = (
    ("when", "vt-when", "time", "descending"),
    ("type", "vt-kind vt-wide", "type", "ascending"),
    ("what", "", "rule", "ascending"),
    ("value", "vt-value vt-wide vt-end", "value", "descending"),
    ("chain", "vt-chain vt-large", "", ""),
    ("status", "vt-status vt-wide", "", ""),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as the address has them; empty means not filtered. Anything malformed reads as empty."""

    type: str = ""
    rule: str = ""
    token: str = ""
    status: AlertStatus | Literal[""] = ""
    since: str = ""
    until: str = ""
    sort: HistorySort = "-time"

    @property
    def is_any(self) -> bool:
        """Whether any filter is on."""
        return replace(self, sort="-time") != Filters()

    def query(self) -> dict[str, str]:
        """Return the filters as the API's query parameters."""
        named = {
            "type": self.type,
            "ruleId": self.rule,
            "token": self.token,
            "status": self.status,
            "since": iso(self.since_moment),
            "until": iso(self.until_moment),
            "sort": "" if self.sort == "-time" else self.sort,
        }
        return {name: value for name, value in named.items() if value}

    def address(self) -> str:
        """Return the page's address with these filters."""
        named = {
            "type": self.type,
            "rule": self.rule,
            "token": self.token,
            "status": self.status,
            "from": self.since,
            "to": self.until,
            "sort": "" if self.sort == "-time" else self.sort,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{ADDRESS}?{query}" if query else ADDRESS

    def chosen(self) -> HistoryFilter:
        """Return what the service wants to know."""
        return HistoryFilter(
            type=self.type or None,
            rule_id=UUID(self.rule) if self.rule else None,
            token=self.token or None,
            status=self.status or None,
            since=self.since_moment,
            until=self.until_moment,
            sort=self.sort,
        )

    @property
    def since_moment(self) -> datetime | None:
        """The start of the first day (UTC)."""
        return _start_of(self.since)

    @property
    def until_moment(self) -> datetime | None:
        """The end of the last day (UTC), exclusive."""
        start = _start_of(self.until)
        return None if start is None else start + timedelta(days=1)


def kinds_offered() -> tuple[str, ...]:
    """Return the types of rules that the list can be filtered by."""
    return tuple(kind.name for kind in all_kinds())


def filters_of(query: dict[str, str]) -> Filters:
    """Return the filters that an address names."""
    return Filters(
        type=_one_of(kinds_offered(), query.get("type")),
        rule=_uuid(query.get("rule", "")),
        token=query.get("token", "")[:64],
        status=_one_of(STATUSES, query.get("status")),
        since=_day(query.get("from", "")),
        until=_day(query.get("to", "")),
        sort=_one_of(SORTS, query.get("sort")) or "-time",
    )


def chips_of(filters: Filters) -> list[Chip]:
    """Return the chips of what became of alerts; pressing one that is on takes it off."""
    return [
        Chip(
            t(f"history.status_{status}"),
            replace(filters, status="" if filters.status == status else status).address(),
            filters.status == status,
        )
        for status in STATUSES
    ]


def heads_of(filters: Filters) -> list[ListHead]:
    """Return the list's columns; pressing one sorts by it, pressing it again turns the order round."""

    def link(sort: str, way: str) -> str:
        signed = f"-{sort}" if way == "descending" else sort
        return replace(filters, sort=_one_of(SORTS, signed)).address() if sort else ""

    other = {"ascending": "descending", "descending": "ascending", "": ""}
    return [
        ListHead(key, t(f"history.{key}"), css, sort, first, link(sort, first), link(sort, other[first]))
        for key, css, sort, first in _HEADS
    ]


def iso(moment: datetime | None) -> str:
    """Return an instant as ISO 8601 with `Z`, empty for None."""
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _one_of(choices: tuple[Any, ...], wanted: str | None) -> Any:
    return wanted if wanted in choices else ""


def _start_of(day: str) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None


def page_number(query: dict[str, str]) -> int:
    """Return the page that an address names, 1 when it names none."""
    text = query.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= MOST_PAGE_DIGITS else 1


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return day.isoformat() if FIRST_YEAR <= day.year <= LAST_YEAR else ""


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
