"""Discord's interactions: proof that they come from Discord, what they ask for, and the commands there are. Pure."""

from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend.bots.schemas import COMMANDS, Command, Person
from backend.core.formats import untrusted_text

PING, COMMAND = 1, 2
PONG, MESSAGE = 1, 4
EPHEMERAL = 1 << 6
MOST_AGE_SECONDS = 300
_TEXT, _BOOLEAN = 3, 5
_MAY_LET_A_BOT_WRITE = (1 << 3) | (1 << 4) | (1 << 29)  # administrator, manage channels, manage webhooks
_OPTIONS: dict[str, list[dict[str, Any]]] = {
    "link": [
        {"type": _TEXT, "name": "code", "description": "The code from the page of your channels", "required": True},
        {"type": _BOOLEAN, "name": "here", "description": "Send alerts to this channel, not to you alone"},
    ],
    "create": [
        {"type": _TEXT, "name": "rule", "description": "For example: WETH above 4000", "required": True},
    ],
    "pause": [{"type": _TEXT, "name": "code", "description": "The rule's code, see /list", "required": True}],
    "resume": [{"type": _TEXT, "name": "code", "description": "The rule's code, see /list", "required": True}],
    "delete": [
        {"type": _TEXT, "name": "code", "description": "The rule's code, see /list", "required": True},
        {"type": _TEXT, "name": "sure", "description": "Write yes to delete it", "required": False},
    ],
}
_DESCRIPTIONS = {**COMMANDS, "link": "Link this account with the code from the page of your channels"}
_DESCRIPTIONS |= {"create": "Make a rule", "pause": "Pause a rule", "resume": "Let a paused rule watch again"}
_DESCRIPTIONS |= {"delete": "Delete a rule"}


@dataclass(frozen=True, slots=True)
class Interaction:
    """What somebody asked for. `may_use_here`: they may let a bot write to the channel they wrote in."""

    id: str
    person: Person
    command: Command
    wants_here: bool
    may_use_here: bool


def is_of_discord(public_key: str, signature: str, timestamp: str, body: bytes, now_seconds: float) -> bool:
    """Return whether Discord signed this body at this time (Ed25519), within five minutes."""
    try:
        if abs(now_seconds - int(timestamp)) > MOST_AGE_SECONDS:
            return False
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), timestamp.encode() + body)
    except (InvalidSignature, ValueError):
        return False
    return True


def commands() -> list[dict[str, Any]]:
    """Return the commands as Discord takes them: in direct messages and on servers."""
    return [
        {
            "type": 1,
            "name": name,
            "description": text,
            "options": _OPTIONS.get(name, []),
            "integration_types": [0],
            "contexts": [0, 1],
        }
        for name, text in sorted(_DESCRIPTIONS.items())
    ]


def interaction_of(raw: dict[str, Any]) -> Interaction:
    """Return what was asked for. Raises ValueError when it is nothing we know."""
    try:
        member, data = raw.get("member") or {}, raw["data"]
        user = member.get("user") or raw["user"]
        person_id, channel_id = _number(user["id"]), _number(raw["channel_id"])
        options = {str(each["name"]): each.get("value") for each in data.get("options") or ()}
        here = options.pop("here", None) is True
        permissions = int(member.get("permissions") or 0)
        words = tuple(word for value in options.values() for word in str(value)[:500].split())
        name = untrusted_text(str(user.get("username") or ""), 32)
        label = f"Discord {name}".strip()
        target = f"channel:{channel_id}" if here else f"user:{person_id}"
        return Interaction(
            id=_number(raw["id"]),
            person=Person("discord", person_id, target, f"{label}, a channel" if here else label),
            command=Command(str(data["name"]).lower(), words),
            wants_here=here,
            may_use_here=bool(permissions & _MAY_LET_A_BOT_WRITE),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no interaction that we know") from error


def _number(value: Any) -> str:
    """Return an id of Discord's as it is: a number in text."""
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise ValueError("no id of Discord's")
    return text
