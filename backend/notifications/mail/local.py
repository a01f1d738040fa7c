"""The local mailbox: where mails go when no provider is set (demo, development, tests; never in production)."""

import base64
import html
from dataclasses import replace

from backend.core.db import Database
from backend.notifications.mail import repository
from backend.notifications.mail.port import Attachment, OutgoingMail

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
    """Return the HTML with its pictures and files inside it, since a page has no parts beside it."""
    shown = mail.html
    for picture in mail.pictures:
        data = base64.b64encode(picture.png).decode()
        shown = shown.replace(f"cid:{picture.content_id}", f"data:image/png;base64,{data}")
    links = "".join(_link(file) for file in mail.attachments)
    return shown.replace("</body>", f"{links}</body>") if "</body>" in shown else shown + links


def _link(file: Attachment) -> str:
    data = base64.b64encode(file.content).decode()
    name = html.escape(file.name, quote=True)
    return f'<p><a download="{name}" href="data:{file.media_type};base64,{data}">{name}</a></p>'
