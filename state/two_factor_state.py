"""Settings → Security → Two-step sign-in: whether it is on, and which dialog is open. Secrets never come here."""

from typing import Any

import reflex as rx

from backend.accounts.schemas import CurrentUser
from backend.accounts.service import read_account
from backend.api.resources import resources
from components.i18n import t
from state.guard import signed_in

_FEW = 3


class TwoFactorState(rx.State):
    """What the section of two-step sign-in shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    is_on: bool = False
    left: str = ""
    has_few: bool = False
    asks_password: bool = False
    open_dialog: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show how it stands, with every dialog closed."""
        self.open_dialog = ""
        async with resources().database.unit_of_work(user.id) as session:
            account = await read_account(session, user)
        self.is_on = account.two_factor
        self.left = t("two_factor.left", left=account.recovery_codes_left)
        self.has_few = account.recovery_codes_left <= _FEW
        self.asks_password = account.has_password
        self.loaded = True
        self.failure = self.failure_id = ""

    @signed_in
    async def open_setup(self, user: CurrentUser) -> Any:
        """Begin to turn it on."""
        self.open_dialog = "setup"

    @signed_in
    async def open_renew(self, user: CurrentUser) -> Any:
        """Begin to make new recovery codes."""
        self.open_dialog = "renew"

    @signed_in
    async def open_off(self, user: CurrentUser) -> Any:
        """Begin to turn it off."""
        self.open_dialog = "off"

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialog."""
        self.open_dialog = ""
