"""The audit log in words: what was done, when and from where."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from backend.core import formats
from backend.core.formats import untrusted_text
from backend.privacy.schemas import AuditEntry
from components.i18n import catalogue, t

_MOST_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One line of the log; `at` is ISO 8601."""

    id: str
    at: str
    sentence: str
    place: str
    address: str


def activity_row(entry: AuditEntry) -> ActivityRow:
    """Return the line that shows an entry."""
    return ActivityRow(
        id=str(entry.id),
        at=formats.iso(entry.recorded_at),
        sentence=sentence(entry.action, entry.target, entry.details),
        place=_place(entry),
        address=entry.ip_address,
    )


def sentence(action: str, target: str, details: dict[str, Any]) -> str:
    """Return what was done as a sentence. An action that has no words yet reads as its name."""
    words = catalogue().get(f"activity.{action}")
    if words is None:
        return action.replace(".", ": ").replace("_", " ").capitalize()
    values = defaultdict(str, {name: _shown(value) for name, value in details.items()})
    return words.format_map(defaultdict(str, {**values, "target": _shown(target)})).replace(" “”", "").strip()


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value)
    return untrusted_text(str(value).replace("_", " ") if isinstance(value, str) else str(value), _MOST_CHARACTERS)


def _place(entry: AuditEntry) -> str:
    if entry.channel == "job":
        return t("activity.by_us")
    if key := entry.details.get("apiKey"):
        return t("activity.by_key", key=untrusted_text(str(key), _MOST_CHARACTERS))
    return entry.device or t(f"activity.through_{entry.channel}")
