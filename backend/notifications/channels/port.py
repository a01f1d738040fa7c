"""The channel port: what is sent, what may come of it, and how fast. One module of this folder for each channel.

A channel hands one message over and says how that went. Whether and when it is tried again, how many are on their way
at once, what rests and what is written down is the dispatcher's business (`backend.worker.dispatcher`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from backend.core.db import Database
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.mail.port import MailPort

MOST_KEPT_OF_AN_ANSWER = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message as it leaves; the same at every try but for `attempt` and `attempt_id`.

    `target` is what the channel sends to (URL, address, chat, subscription): a secret, never to be logged or stored.
    `title` and `text` are untrusted: whoever writes them into a format escapes them. `payload` is the webhook's `data`
    object; its `items` are the parts of a bundle (`count` above 1).
    """

    id: UUID
    user_id: UUID
    event_type: str
    target: str
    title: str
    text: str
    payload: dict[str, Any]
    created_at: datetime
    kind: str | None = None
    alert_id: UUID | None = None
    rule_id: UUID | None = None
    channel_id: UUID | None = None
    count: int = 1
    attempt: int = 1
    attempt_id: UUID | None = None
    secrets: tuple[str, ...] = ()  # of the user's webhook signatures, for channels that sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was asked and what was answered, fit to be shown to the message's owner: no secret of ours in it."""

    method: str
    url: str
    request_headers: dict[str, str] = field(default_factory=dict)
    request_body: str = ""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""  # its first MOST_KEPT_OF_AN_ANSWER characters
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider took the message. `reference`: its own id of it, where it gives one."""

    status_code: int | None = None
    reference: str | None = None
    exchange: Exchange | None = None


class ChannelError(Exception):
    """The message was not taken, or nobody knows. `message` is one sentence for the user.

    retryable: another try may be answered otherwise. maybe_sent: the request left and no answer came. broken: the
    target will never take anything (a hook was deleted, a bot was blocked): it is marked as broken.
    about_provider: the whole provider is away or overloaded; enough of these in a row let the channel rest.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after_seconds: float | None = None,
        maybe_sent: bool = False,
        broken: bool = False,
        about_provider: bool = False,
        status_code: int | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        self.maybe_sent = maybe_sent
        self.broken = broken
        self.about_provider = about_provider
        self.status_code = status_code
        self.exchange = exchange


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a provider may be used: messages a second in all and to one target (None: no limit), and at once."""

    per_second: float | None = None
    per_target_per_second: float | None = None
    at_once: int = 16
    at_once_per_target: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """A target that may be used: what is sealed, and what may be seen of it."""

    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Tools:
    """What a channel may be made with."""

    settings: Settings
    database: Database  # of the worker
    http: OutgoingHttp  # public addresses only, bounded in time
    mail: MailPort


class Channel(Protocol):
    """A way to tell a user something."""

    name: ClassVar[str]
    # Its receivers know a message by its id: one that may have been sent is sent again. Others are `maybe_sent`.
    dedupes: ClassVar[bool]
    # Quiet hours, digests and grouping hold its messages. Not for what programs read.
    holds: ClassVar[bool]
    pace: Pace

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Return whether the settings have what it needs (a bot's token, keys)."""
        ...

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Return a target that a user typed. Raises InvalidInputError (details: `target`), also when none is typed."""
        ...

    @classmethod
    def make(cls, tools: Tools) -> "Channel":
        """Return it, ready to send."""
        ...

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Hand the message over, once. Raises ChannelError when it was not taken."""
        ...
