"""Slack incoming webhooks: Block Kit in an address of Slack's that is a secret itself.

Untrusted text goes in `plain_text` objects, which Slack shows as they are: no links, mentions or formatting in them.
What stands in `mrkdwn` is escaped as Slack asks (`&`, `<`, `>`). Slack takes one message a second for each address.
"""

import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson

from backend.core.destinations import DestinationError, normalise_destination
from backend.core.errors import InvalidInputError
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.channels.exchange import post
from backend.notifications.channels.port import ChannelError, OutgoingMessage, Pace, Receipt, Target, Tools
from backend.notifications.channels.words import items_of, one_line

MOST_ITEMS = 20
_HOOK = re.compile(r"/services/T[A-Z0-9]{2,20}/B[A-Z0-9]{2,20}/[A-Za-z0-9]{10,64}")
# Slack's words for an address that will never work: docs.slack.dev, "Sending messages using incoming webhooks".
_GONE = frozenset({"no_service", "no_service_id", "no_team", "team_disabled", "invalid_token", "action_prohibited"})
_GONE_STATUS = frozenset({403, 404, 410})


class SlackChannel:
    """Posts into a workspace's channel; Slack does not know messages by an id."""

    name: ClassVar[str] = "slack"
    dedupes: ClassVar[bool] = False
    holds: ClassVar[bool] = True
    pace: Pace = Pace(per_target_per_second=1.0, at_once=16)

    def __init__(self, http: OutgoingHttp, app_url: str) -> None:
        self._http = http
        self._app_url = app_url.rstrip("/")

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Always: the user's address is all it takes."""
        return True

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Return an incoming webhook of Slack's. Raises InvalidInputError for any other address."""
        wrong = {"target": f"It begins with {settings.slack_hooks_url}/services/ and has three parts after that."}
        try:
            url = normalise_destination(raw, allow_private=settings.webhook_allow_private)
        except DestinationError:
            raise InvalidInputError("This is not an incoming webhook of Slack.", wrong) from None
        given, ours = urlsplit(url), urlsplit(settings.slack_hooks_url)
        if (given.scheme, given.netloc) != (ours.scheme, ours.netloc) or not _HOOK.fullmatch(given.path) or given.query:
            raise InvalidInputError("This is not an incoming webhook of Slack.", wrong)
        team, hook, secret = given.path.split("/")[2:]
        return Target(url, f"{given.hostname}/services/{team}/{hook}/\u2026{secret[-4:]}")

    @classmethod
    def make(cls, tools: Tools) -> "SlackChannel":
        """Return the channel over the outgoing client."""
        return cls(tools.http, tools.settings.app_url)

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Post the message. Raises ChannelError."""
        body = orjson.dumps(slack_body(message, self._app_url))
        shown = message.target.rsplit("/", 1)[0] + "/\u2026"
        exchange, answer = await post(
            self._http, message.target, body, {"Content-Type": "application/json; charset=utf-8"}, shown
        )
        if 200 <= answer.status < 300:
            return Receipt(status_code=answer.status, exchange=exchange)
        word = answer.body[:60].decode(errors="replace").strip()
        gone = word in _GONE or answer.status in _GONE_STATUS
        raise ChannelError(
            f"Slack answered {answer.status}{f': {one_line(word, 60)}' if word else ''}.",
            retryable=answer.status == 429 or answer.status >= 500,
            retry_after_seconds=answer.retry_after_seconds,
            broken=gone,
            about_provider=answer.status >= 500,
            status_code=answer.status,
            exchange=exchange,
        )


def slack_body(message: OutgoingMessage, app_url: str) -> dict[str, Any]:
    """Return the JSON of a message: blocks to be seen, and `text` for notifications and readers."""
    items, left_out = items_of(message.payload, MOST_ITEMS)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(message.title, 150)},
        {"type": "section", "text": _plain(message.text or message.title, 2_000)},
    ]
    blocks += [{"type": "section", "text": _plain(f"{item.title}: {item.text}", 700)} for item in items]
    if left_out:
        blocks.append({"type": "section", "text": _plain(f"\u2026 and {left_out:,} more.", 100)})
    link = f"{app_url}/alerts/?tab=history"
    context = f"<{link}|Open the history> \u00b7 {escaped(message.event_type)}"
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": context}]})
    return {
        "text": escaped(f"{message.title}: {message.text}" if message.text else message.title),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str) -> str:
    """Return text in which Slack sees no link, mention or entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": one_line(text, most) or "\u2014", "emoji": False}
