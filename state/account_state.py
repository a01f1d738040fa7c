"""Settings → Account: address, password, plan. What is typed never comes here: the browser sends it to the API."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser, read_account
from backend.api.resources import resources
from components.i18n import t
from state.guard import signed_in
from state.shell_state import ShellState

_DONE = ("password", "verified")


class AccountState(rx.State):
    """What the page shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    done: str = ""
    email: str = ""
    is_verified: bool = False
    pending_email: str = ""
    has_password: bool = False
    plan: str = ""
    since: str = ""
    is_changing_email: bool = False
    is_changing_password: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the account, with every dialog closed."""
        await ShellState._show(self, user)
        done = self.router.url.query_parameters.get("done", "")
        self.done = t(f"account.done_{done}") if done in _DONE else ""
        self.is_changing_email = self.is_changing_password = False
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def open_email(self, user: CurrentUser) -> Any:
        """Ask for another address."""
        self.is_changing_email = True

    @signed_in
    async def open_password(self, user: CurrentUser) -> Any:
        """Ask for another password."""
        self.is_changing_password = True

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialogs."""
        self.is_changing_email = self.is_changing_password = False

    @signed_in
    async def email_asked(self, user: CurrentUser) -> Any:
        """Show that the new address waits for its confirmation."""
        self.is_changing_email = False
        await self._read(user)
        return rx.toast.success(t("account.email_asked"))

    @signed_in
    async def resent(self, user: CurrentUser) -> Any:
        """Say that the link was sent again."""
        return rx.toast.success(t("account.resent"))

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            account = await read_account(session, user)
        self.email = account.email
        self.is_verified = account.email_verified
        self.pending_email = account.pending_email or ""
        self.has_password = account.has_password
        self.plan = t(f"plan.{account.tier}")
        self.since = f"{account.created_at:%Y-%m-%d}"
        self.loaded = True
