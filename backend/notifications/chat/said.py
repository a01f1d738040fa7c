"""From a message of an alert, or of a bundle of them, to what is said in a chat."""

from backend.notifications.channels.port import OutgoingMessage
from backend.notifications.channels.words import items_of
from backend.notifications.chat.words import Said

_MOST_ITEMS = 10


def said_of(message: OutgoingMessage, link: str | None = None) -> Said:
    """Return what is said; `link` is the last line where a chat has no buttons."""
    items, more = items_of(message.payload, _MOST_ITEMS)
    lines = tuple(f"{item.title}: {item.text}" for item in items) or (message.text,)
    if more > 0:
        lines += (f"… and {more} more",)
    return Said(message.title, lines + ((link,) if link else ()))
