"""The local mailbox: where mails go when no provider is set (demo, development, tests; never in production)."""

import base64
from dataclasses import replace

from backend.core.db import Database
from backend.notifications.mail import repository
from backend.notifications.mail.port import OutgoingMail

MOST_KEPT = 200


class LocalMail:
    """Keeps mails in a table, for the page `/dev/mail`."""

    name = "local mailbox"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, mail: OutgoingMail) -> None:
        """Keep the mail, once; the oldest of many go."""
        async with self._database.unit_of_work() as session:
            await repository.keep_locally(session, replace(mail, html=_with_pictures(mail)))
            await repository.trim_local(session, MOST_KEPT)

    async def check(self) -> None:
        """The mailbox is always there."""


def _with_pictures(mail: OutgoingMail) -> str:
    """Return the HTML with its pictures inside it, since a page has no parts that `cid:` could name."""
    shown = mail.html
    for picture in mail.pictures:
        data = base64.b64encode(picture.png).decode()
        shown = shown.replace(f"cid:{picture.content_id}", f"data:image/png;base64,{data}")
    return shown
