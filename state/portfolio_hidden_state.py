"""Tokens that are not among the holdings: spam, with the reasons and what the user said to that; and what stands for
positions, which are counted in their place.
"""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.portfolio import service as portfolio
from backend.portfolio.discovery import service
from backend.portfolio.discovery.schemas import FoundToken
from components.i18n import t
from state.guard import signed_in
from state.portfolio_state import decision, reread
from state.shell_state import ShellState


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token and the verdict on it; `reasons` are sentences, `by_user` says whose word it is.

    `protocol` is set for a token that stands for a position there.
    """

    key: str
    chain_id: int
    token: str
    symbol: str
    name: str
    short: str
    url: str
    chain: str
    reasons: list[str]
    by_user: bool
    decided_at: str
    protocol: str


class PortfolioHiddenState(rx.State):
    """What the page of hidden tokens shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    hidden: list[TokenRow] = []
    kept: list[TokenRow] = []
    counted: list[TokenRow] = []
    note: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what is hidden."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def show(self, user: CurrentUser, chain_id: int, token: str) -> Any:
        """Say that a token is no spam, whatever the filter says."""
        await self._decide(user, chain_id, token, False)
        return rx.toast.success(t("portfolio.shown_toast"))

    @signed_in
    async def undo(self, user: CurrentUser, chain_id: int, token: str) -> Any:
        """Take back what the user had said of a token; the filter decides again."""
        await self._decide(user, chain_id, token, None)
        return rx.toast.success(t("portfolio.undone_toast"))

    async def _decide(self, user: CurrentUser, chain_id: int, token: str, is_spam: bool | None) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            await service.decide(session, user, decision(chain_id, token, is_spam))
        await reread(user)
        await self._read(user)

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.list_tokens(session, user)
        async with resources().snapshots.open(user.id) as store:
            inside = portfolio.explained_tokens(await portfolio.latest(store, user))
        # A token that several wallets hold is judged once.
        known = {(each.chain_id, each.token): each for each in found}
        # What the filter takes for spam may stand for a position all the same; what the user hid is hidden.
        counted = {key for key, each in known.items() if key in inside and each.is_spam and each.decided_by != "user"}
        self.counted = [_shown(known[key], inside[key]) for key in known if key in counted]
        self.hidden = [_shown(each) for key, each in known.items() if each.is_spam and key not in counted]
        self.kept = [_shown(each) for each in known.values() if not each.is_spam and each.decided_by == "user"]
        self.note = t(
            "portfolio.hidden_note",
            hidden=formats.number(len(self.hidden)),
            total=formats.number(len(known)),
        )
        self.loaded = True


def _shown(found: FoundToken, protocol: str = "") -> TokenRow:
    chain = find_chain(found.chain_id)
    by_user = found.decided_by == "user"
    return TokenRow(
        key=f"{found.chain_id}:{found.token}",
        chain_id=found.chain_id,
        token=found.token,
        symbol=formats.untrusted_text(found.symbol) if found.symbol else formats.address(found.token),
        name=formats.untrusted_text(found.name, 60) if found.name else "",
        short=formats.address(found.token),
        url=(chain.address_url(found.token) or "") if chain else "",
        chain=chain_name(found.chain_id),
        reasons=([t("portfolio.by_you")] if by_user and found.is_spam else []) + list(found.reasons),
        by_user=by_user,
        decided_at=formats.iso(found.decided_at),
        protocol=formats.untrusted_text(protocol) if protocol else "",
    )
