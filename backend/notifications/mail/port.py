"""The mail port: what is sent, and what may come of it. One adapter for each way out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail as it leaves; the same at every try."""

    id: UUID
    recipient: str
    subject: str
    html: str
    text: str
    written_at: datetime


class MailProblem(Exception):
    """A mail was not taken. The message is for whoever runs the product; it holds no secret and nothing of the mail."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
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
