"""What messages say, in the parts that channels make their formats of. All of it is untrusted text, made one line."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_TITLE = 150
MOST_TEXT = 1_500
_TITLES = {
    "alert.withdrawn": "Withdrawn",
    "alert.limit_reached": "Your plan's limit",
    "alert.held_back": "Held back by your plan",
    "channel.test": "Test message",
    "webhook.test": "Test message",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One alert of a bundle."""

    title: str
    text: str


def title_of(event_type: str, payload: Mapping[str, Any]) -> str:
    """Return what a message is headed with: the rule's name, or what it is about."""
    said = str(payload.get("title") or payload.get("ruleName") or "")
    about = _TITLES.get(event_type, "")
    if event_type == "alert.withdrawn" and said:
        return one_line(f"{about}: {said}", MOST_TITLE)
    return one_line(said or about or "Alert", MOST_TITLE)


def text_of(payload: Mapping[str, Any]) -> str:
    """Return the sentence of a message."""
    return one_line(str(payload.get("message") or ""), MOST_TEXT)


def items_of(payload: Mapping[str, Any], most: int) -> tuple[list[Item], int]:
    """Return the first parts of a bundle, and how many there are beyond them; ([], 0) when it is none."""
    items = payload.get("items") or []
    count = max(int(payload.get("count") or 0), len(items))
    shown = [
        Item(one_line(str(item.get("ruleName") or "Alert"), MOST_TITLE), one_line(str(item.get("message") or ""), 500))
        for item in items[:most]
    ]
    return shown, count - len(shown) if shown else 0


def one_line(text: str, most: int) -> str:
    """Return text without line breaks, control and invisible characters, shortened with an ellipsis.

    Direction marks could make a text read as another one; half characters cannot be encoded.
    """
    begin = text[: 4 * most]  # a name of a megabyte is not looked at to its end
    seen = "".join(" " if unicodedata.category(each) in ("Cc", "Zl", "Zp", "Zs") else each for each in begin)
    seen = "".join(each for each in seen if unicodedata.category(each) not in ("Cf", "Cs", "Co", "Cn"))
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "\u2026"
