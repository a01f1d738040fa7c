"""Settings → Security → Linked accounts: those at Google and GitHub that sign the user in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.schemas import CurrentUser
from backend.accounts.service import configured_providers, linked
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from components.i18n import t
from state.guard import signed_in
from state.sign_in_ways_state import oauth_problem


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """A provider: the account there that is linked (`id` empty: none is), since when (ISO 8601)."""

    provider: str
    name: str
    id: str
    email: str
    linked_at: str


class LinkedAccountsState(rx.State):
    """What the section of linked accounts shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    problem: str = ""
    rows: list[LinkedRow] = []
    unlinking_id: str = ""
    unlinking_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what is linked and what may be; the address may say how a link that was just tried went."""
        query = self.router.url.query_parameters
        self.problem = oauth_problem(query.get("error", ""))
        self.unlinking_id = ""
        await self._read(user)
        self.failure = self.failure_id = ""
        name = linked.PROVIDER_NAMES.get(query.get("linked", ""))
        return rx.toast.success(t("linked.linked", provider=name)) if name else None

    @signed_in
    async def ask_unlink(self, user: CurrentUser, identity_id: str) -> Any:
        """Ask before an account is unlinked."""
        row = next((row for row in self.rows if row.id == identity_id and row.id), None)
        if row is not None:
            self.unlinking_id, self.unlinking_name = row.id, f"{row.name} ({row.email})"

    @signed_in
    async def unlink(self, user: CurrentUser) -> Any:
        """Unlink the account that was asked about."""
        try:
            wanted = UUID(self.unlinking_id)
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        self.unlinking_id = ""
        async with resources().database.unit_of_work(user.id) as session:
            await linked.remove_identity(session, user.id, wanted)
        await self._read(user)
        return rx.toast.success(t("linked.unlinked"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialog."""
        self.unlinking_id = ""

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            identities = await linked.list_identities(session)
        rows = [
            LinkedRow(
                each.provider,
                linked.PROVIDER_NAMES[each.provider],
                str(each.id),
                each.email,
                formats.iso(each.linked_at) or "",
            )
            for each in identities
        ]
        taken = {row.provider for row in rows}
        # Several accounts of one provider may be linked; a provider without any is offered, if it is configured.
        offered = [each for each in configured_providers(resources().settings) if each not in taken]
        self.rows = rows + [LinkedRow(each, linked.PROVIDER_NAMES[each], "", "", "") for each in offered]
        self.loaded = True
