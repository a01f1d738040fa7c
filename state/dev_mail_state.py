"""The local mailbox of a demo: what would have been sent, for whoever can open the page."""

import re
from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.api.resources import resources
from backend.core import formats
from backend.notifications import service as notifications

MOST_SHOWN = 50
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class LocalMailRow:
    """One mail as the list shows it."""

    id: str
    recipient: str
    subject: str
    at: str


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a mail's text; `href` when the whole line is a link."""

    text: str
    href: str


class DevMailState(rx.State):
    """What the page shows. Both handlers are open: nothing is here unless this run keeps its mails for everybody."""

    loaded: bool = False
    mails: list[LocalMailRow] = []
    shown_id: str = ""
    subject: str = ""
    recipient: str = ""
    html: str = ""
    lines: list[TextLine] = []
    as_text: bool = False

    @rx.event
    async def load(self) -> Any:
        """Show the list, and the mail that the address names or the newest."""
        return await self._show(self.router.url.query_parameters.get("mail", ""))

    @rx.event
    async def show(self, mail_id: str) -> Any:
        """Show a mail of the list."""
        return await self._show(mail_id)

    @rx.event
    async def show_as(self, as_text: bool) -> None:
        """Show the mail as text or as HTML."""
        self.as_text = as_text

    async def _show(self, mail_id: str) -> Any:
        held = resources()
        if not notifications.shows_local_mailbox(held.settings):
            return rx.redirect("/404")
        async with held.database.unit_of_work() as session:
            found = await notifications.list_local_mails(session, MOST_SHOWN)
        self.mails = [
            LocalMailRow(str(mail["id"]), mail["recipient"], mail["subject"], formats.iso(mail["received_at"]) or "")
            for mail in found
        ]
        shown = next((mail for mail in found if str(mail["id"]) == mail_id), found[0] if found else None)
        self.loaded = True
        if shown is None:
            self.shown_id = ""
            return None
        self.shown_id, self.subject, self.recipient = str(shown["id"]), shown["subject"], shown["recipient"]
        # Its links open in a tab of their own: the frame may not lead its page anywhere.
        self.html = shown["html"].replace("<head>", '<head><base target="_blank">', 1)
        self.lines = [
            TextLine(line, line if _LINK.fullmatch(line) else "") for line in str(shown["plain"]).splitlines()
        ]
        return None
