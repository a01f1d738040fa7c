"""Settings → Security → Sessions: where the user is signed in, and ending it there."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.schemas import CurrentUser
from backend.accounts.service import end_session, end_sessions, list_sessions, session_token
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from components.i18n import t
from state.guard import signed_in

_WAYS = ("password", "wallet", "google", "github", "link")


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session as the list shows it; moments are ISO 8601."""

    id: str
    device: str
    way: str
    program: bool
    address: str
    created_at: str
    seen_at: str
    current: bool


class SessionsState(rx.State):
    """What the section of sessions shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    rows: list[SessionRow] = []
    has_others: bool = False
    is_asking: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the sessions, with the dialog closed."""
        self.is_asking = False
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def end(self, user: CurrentUser, session_id: str) -> Any:
        """End one session."""
        try:
            wanted = UUID(session_id)
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        async with resources().database.unit_of_work(user.id) as session:
            await end_session(session, user.id, wanted)
        resources().identities.forget(user.id)
        await self._read(user)
        return rx.toast.success(t("sessions.ended"))

    @signed_in
    async def ask_others(self, user: CurrentUser) -> Any:
        """Ask before every other session is ended."""
        self.is_asking = True

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the question."""
        self.is_asking = False

    @signed_in
    async def end_others(self, user: CurrentUser) -> Any:
        """End every session but this browser's."""
        self.is_asking = False
        async with resources().database.unit_of_work(user.id) as session:
            await end_sessions(session, user.id, session_token(self.router.headers.cookie))
        resources().identities.forget(user.id)
        await self._read(user)
        return rx.toast.success(t("sessions.ended_others"))

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await list_sessions(session, user.id, session_token(self.router.headers.cookie))
        self.rows = [
            SessionRow(
                id=str(each.id),
                device=each.device or t("sessions.unknown"),
                way=t(f"sessions.way_{each.way}") if each.way in _WAYS else "",
                program=each.kind == "program",
                address=each.ip_address,
                created_at=formats.iso(each.created_at) or "",
                seen_at=formats.iso(each.last_seen_at) or "",
                current=each.current,
            )
            for each in found
        ]
        self.has_others = any(not row.current for row in self.rows)
        self.loaded = True
