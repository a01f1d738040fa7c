"""Where a message leads: the page of ours that shows what it is about."""

from backend.notifications.channels.port import OutgoingMessage

_CHANNELS = "/settings/channels/"
_HISTORY = "/alerts/history/"


def path_of(message: OutgoingMessage) -> str:
    """Return the path of the page of a message's rule; of a bundle, the history; of a test, the page of channels."""
    if message.event_type.endswith(".test"):
        return _CHANNELS
    return f"/alerts/rules/{message.rule_id}/" if message.rule_id and message.count == 1 else _HISTORY


def link_of(message: OutgoingMessage, app_url: str) -> str:
    """Return the address of that page."""
    return f"{app_url.rstrip('/')}{path_of(message)}"
