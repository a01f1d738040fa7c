"""Settings → API keys: the keys and which dialog is open. Secrets never come here: the browser gets them itself."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser, Feature, allows, api_keys, requires
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from components.i18n import t
from state.guard import signed_in
from state.shell_state import ShellState


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """One key as the table shows it; moments are ISO 8601 or empty."""

    id: str
    name: str
    prefix: str
    scopes: str
    own_limit: str
    used_at: str
    expires_on: str
    expired: bool
    old_until: str


class ApiKeysState(rx.State):
    """What the page of API keys shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    included: bool = False
    keys: list[ApiKeyRow] = []
    is_creating: bool = False
    rotating_id: str = ""
    rotating_name: str = ""
    revoking_id: str = ""
    revoking_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the keys, with every dialog closed."""
        await ShellState._show(self, user)
        self.is_creating, self.rotating_id, self.revoking_id = False, "", ""
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    @requires(Feature.API_KEYS)
    async def open_create(self, user: CurrentUser) -> Any:
        """Open the form for a new key."""
        self.is_creating = True

    @signed_in
    async def ask_rotate(self, user: CurrentUser, key_id: str) -> Any:
        """Ask how long the old secret shall live."""
        row = next((row for row in self.keys if row.id == key_id), None)
        if row is not None:
            self.rotating_id, self.rotating_name = row.id, row.name

    @signed_in
    async def ask_revoke(self, user: CurrentUser, key_id: str) -> Any:
        """Ask before a key is ended."""
        row = next((row for row in self.keys if row.id == key_id), None)
        if row is not None:
            self.revoking_id, self.revoking_name = row.id, row.name

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialogs and show what there is now: a key may have been made meanwhile."""
        self.is_creating, self.rotating_id, self.revoking_id = False, "", ""
        await self._read(user)

    @signed_in
    async def revoke(self, user: CurrentUser) -> Any:
        """End the key that was asked about."""
        try:
            wanted = UUID(self.revoking_id)
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        self.revoking_id = ""
        async with resources().database.unit_of_work(user.id) as session:
            await api_keys.revoke_key(session, user, wanted)
        await self._read(user)
        return rx.toast.success(t("api_keys.revoked"))

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            keys = await api_keys.list_keys(session, user)
        self.included = allows(user.tier, Feature.API_KEYS)
        self.keys = [_row(key) for key in keys]
        self.loaded = True


def _row(key: Any) -> ApiKeyRow:
    now = utc_now()
    grace = key.old_secret_until
    return ApiKeyRow(
        id=str(key.id),
        name=key.name,
        prefix=f"{key.prefix}…",
        scopes=" · ".join(scope.value for scope in key.scopes),
        own_limit=t("api_keys.own_limit", limit=formats.number(key.requests_per_minute))
        if key.requests_per_minute
        else "",
        used_at=formats.iso(key.last_used_at) or "",
        expires_on=f"{key.expires_at:%Y-%m-%d}" if key.expires_at else t("api_keys.never"),
        expired=key.expires_at is not None and key.expires_at <= now,
        old_until=f"{grace:%H:%M} UTC" if grace is not None and grace > now else "",
    )
