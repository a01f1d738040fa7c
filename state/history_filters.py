"""The history's filters: they live in the address, so a filtered view can be kept, shared and gone back to."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from components.i18n import t
from state.view_models import Chip

Kind = Literal["price", "whale"]
Status = Literal["active", "withdrawn", "suppressed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FIRST_YEAR, LAST_YEAR = 2009, 2100
MOST_PAGE_DIGITS = 5
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as the address has them; empty means not filtered. Anything malformed reads as empty."""

    type: Kind | Literal[""] = ""
    rule: str = ""
    token: str = ""
    status: Status | Literal[""] = ""
    since: str = ""
    until: str = ""
    page: int = 1

    @property
    def is_any(self) -> bool:
        """Whether any filter is on."""
        return replace(self, page=1) != Filters()

    def query(self) -> dict[str, str]:
        """Return the filters as the API's query parameters."""
        named = {
            "type": self.type,
            "ruleId": self.rule,
            "token": self.token,
            "status": self.status,
            "since": iso(self.since_moment),
            "until": iso(self.until_moment),
        }
        return {name: value for name, value in named.items() if value}

    def address(self) -> str:
        """Return the page's address with these filters."""
        named = {
            "tab": "history",
            "type": self.type,
            "rule": self.rule,
            "token": self.token,
            "status": self.status,
            "from": self.since,
            "to": self.until,
            "page": str(self.page) if self.page > 1 else "",
        }
        return "/alerts/?" + urlencode({name: value for name, value in named.items() if value})

    @property
    def since_moment(self) -> datetime | None:
        """The start of the first day (UTC)."""
        return _start_of(self.since)

    @property
    def until_moment(self) -> datetime | None:
        """The end of the last day (UTC), exclusive."""
        start = _start_of(self.until)
        return None if start is None else start + timedelta(days=1)


def filters_of(query: dict[str, str]) -> Filters:
    """Return the filters that an address names."""
    return Filters(
        type=_one_of(KINDS, query.get("type")),
        rule=_uuid(query.get("rule", "")),
        token=query.get("token", "")[:64],
        status=_one_of(STATUSES, query.get("status")),
        since=_day(query.get("from", "")),
        until=_day(query.get("to", "")),
        page=page_number(query),
    )


def chips_of(filters: Filters) -> list[Chip]:
    """Return the chips of type and status; pressing one that is on takes it off."""
    first = replace(filters, page=1)
    chips = [
        Chip(
            t(f"kind.{kind}"), replace(first, type="" if filters.type == kind else kind).address(), filters.type == kind
        )
        for kind in KINDS
    ]
    return chips + [
        Chip(
            t(f"history.status_{status}"),
            replace(first, status="" if filters.status == status else status).address(),
            filters.status == status,
        )
        for status in STATUSES
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
