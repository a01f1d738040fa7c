"""Where a message leads: the page of ours that shows what it is about."""

from backend.notifications.channels.port import OutgoingMessage

_CHANNELS = "/settings/channels/"
_HISTORY = "/alerts/?tab=history"


def path_of(message: OutgoingMessage) -> str:
    """Return the path of the page that shows a message's alert; of a test, the page of channels."""
    if message.event_type.endswith(".test"):
        return _CHANNELS
    return f"{_HISTORY}&rule={message.rule_id}" if message.rule_id and message.count == 1 else _HISTORY


def link_of(message: OutgoingMessage, app_url: str) -> str:
    """Return the address of that page."""
    return f"{app_url.rstrip('/')}{path_of(message)}"
