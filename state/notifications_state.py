"""Settings → Notifications: which mails one gets."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser, linked
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.notifications import service as notifications
from components.i18n import t
from state.guard import signed_in
from state.shell_state import ShellState


@dataclass(frozen=True, slots=True)
class MailChoiceRow:
    """One kind of mails that one may switch off."""

    kind: str
    label: str
    text: str
    is_on: bool


class NotificationsState(rx.State):
    """What the page of notifications shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    email: str = ""
    email_confirmed: bool = False
    choices: list[MailChoiceRow] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show everything."""
        await ShellState._show(self, user)
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def switch(self, user: CurrentUser, kind: str) -> Any:
        """Switch a kind of mails on or off."""
        row = next((row for row in self.choices if row.kind == kind), None)
        if row is None:
            raise InvalidInputError(t("form.invalid"))
        async with resources().database.unit_of_work(user.id) as session:
            self._show(await notifications.choose_mails(session, user.id, {row.kind: not row.is_on}))
        return rx.toast.success(t("notifications.saved"))

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            choices = await notifications.mail_choices(session, user.id)
            self.email_confirmed = await linked.has_confirmed_email(session, user)
        self.email = user.email
        self._show(choices)
        self.loaded = True

    def _show(self, choices: dict[str, bool]) -> None:
        self.choices = [
            MailChoiceRow(kind, t(f"notifications.mail_{kind}"), t(f"notifications.mail_{kind}_text"), is_on)
            for kind, is_on in choices.items()
        ]
