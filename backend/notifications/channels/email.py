"""Alerts by mail, to the account's own confirmed address, over the same way out as the product's other mails.

A mail keeps its Message-ID at every try; since not every mail program shows one of two with the same, a mail that may
have been taken is not sent again by itself.
"""

from dataclasses import replace
from time import monotonic
from typing import ClassVar

from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.notifications.channels.port import (
    ChannelError,
    Exchange,
    OutgoingMessage,
    Pace,
    Receipt,
    Target,
    Tools,
)
from backend.notifications.channels.words import items_of
from backend.notifications.mail.port import (
    InlinePicture,
    MailPort,
    MailProblem,
    MailRefusedError,
    MailUnavailableError,
    OutgoingMail,
)
from backend.notifications.mail.templates import Rendered, find_template, render, with_list
from backend.notifications.pictures import Picture, picture_of

log = get_logger(__name__)
MOST_ITEMS = 50
_PICTURE = "series"


class EmailChannel:
    """Sends alerts by mail."""

    name: ClassVar[str] = "email"
    dedupes: ClassVar[bool] = False
    holds: ClassVar[bool] = True
    pace: Pace = Pace(per_second=10.0, at_once=8, at_once_per_target=2)

    def __init__(self, mail: MailPort, database: Database, app_url: str, per_second: float) -> None:
        self._mail = mail
        self._database = database
        self._app_url = app_url.rstrip("/")
        self.pace = replace(type(self).pace, per_second=per_second)

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Always: without a provider there is the local mailbox (never in production)."""
        return True

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Raise InvalidInputError: alerts go to the account's own address, and to no other."""
        raise InvalidInputError(
            "Alerts by mail go to your account's own address.", {"channel": "Confirm your address instead."}
        )

    @classmethod
    def make(cls, tools: Tools) -> "EmailChannel":
        """Return the channel over the mail port."""
        return cls(tools.mail, tools.database, tools.settings.app_url, tools.settings.alert_mails_per_second)

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Send the mail. Raises ChannelError."""
        picture = await self._picture(message)
        mail = alert_mail(message, self._app_url, picture)
        started = monotonic()
        exchange = Exchange(
            method=self._mail.name,
            url=message.target,
            request_headers={"Subject": mail.subject},
            request_body=mail.text[:2_000],
        )
        try:
            await self._mail.send(mail)
        except MailProblem as problem:
            raise ChannelError(
                problem.message,
                retryable=not isinstance(problem, MailRefusedError),
                retry_after_seconds=problem.retry_after_seconds,
                maybe_sent=problem.maybe_sent,
                about_provider=isinstance(problem, MailUnavailableError),
                exchange=replace(exchange, body=problem.message, seconds=round(monotonic() - started, 3)),
            ) from problem
        taken = replace(exchange, body=f"Taken by {self._mail.name}.", seconds=round(monotonic() - started, 3))
        return Receipt(reference=str(mail.id), exchange=taken)

    async def _picture(self, message: OutgoingMessage) -> Picture | None:
        """Return the picture; a mail goes without it rather than not at all."""
        try:
            async with self._database.unit_of_work() as session:
                return await picture_of(session, message.payload)
        except (SQLAlchemyError, OSError, ValueError, ArithmeticError) as error:
            log.warning("a mail goes without its picture", message_id=str(message.id), error=type(error).__name__)
            return None


def alert_mail(message: OutgoingMessage, app_url: str, picture: Picture | None) -> OutgoingMail:
    """Return the mail of a message: the template `alert`, the parts of a bundle, and the picture inside it."""
    items, left_out = items_of(message.payload, MOST_ITEMS)
    values = {
        "title": message.title,
        "says": message.text or message.title,
        "link": f"{app_url}/alerts/?tab=history",
        "settings_link": f"{app_url}/settings/notifications",
    }
    said: Rendered = render(find_template("alert"), values, app_url)
    lines = [(item.title, item.text) for item in items]
    if left_out:
        lines.append(("\u2026", f"and {left_out:,} more in your history."))
    shown = (f"cid:{_PICTURE}@{message.id}", picture.description) if picture else None
    said = with_list(said, lines, shown)
    pictures = (InlinePicture(f"{_PICTURE}@{message.id}", picture.png, "series.png"),) if picture else ()
    return OutgoingMail(
        id=message.id,
        recipient=message.target,
        subject=said.subject,
        html=said.html,
        text=said.text,
        written_at=message.created_at,
        pictures=pictures,
    )
