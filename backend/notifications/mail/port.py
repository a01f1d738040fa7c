"""The mail port: what is sent, and what may come of it. One adapter for each way out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A PNG inside a mail, which its HTML shows as `cid:{content_id}`."""

    content_id: str
    png: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a mail; `media_type` without parameters."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail as it leaves; the same at every try."""

    id: UUID
    recipient: str
    subject: str
    html: str
    text: str
    written_at: datetime
    pictures: tuple[InlinePicture, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class MailProblem(Exception):
    """A mail was not taken. The message is for whoever runs the product; it holds no secret and nothing of the mail.

    `maybe_sent`: the provider had it all when the connection went, and may have taken it.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None, *, maybe_sent: bool = False) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class MailRefusedError(MailProblem):
    """This mail will never be taken: another try would be answered the same."""


class MailDeferredError(MailProblem):
    """This mail is not taken now; others may be."""


class MailUnavailableError(MailProblem):
    """No mail is taken now: the provider is away, overloaded, or does not accept how we are set up."""


class MailPort(Protocol):
    """A way out for mails."""

    name: str

    async def send(self, mail: OutgoingMail) -> None:
        """Hand the mail over. Raises a MailProblem when it was not taken."""
        ...

    async def check(self) -> None:
        """Find out whether mails would be taken, sending none. Raises a MailProblem that says why not."""
        ...
