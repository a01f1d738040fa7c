"""What the frame of every page shows: the account, and how fresh the chain data is."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser, unconfirmed_email
from backend.api.resources import resources
from backend.chain import service as chain_service
from backend.chain.registry import find_chain
from backend.core import formats
from backend.privacy import service as privacy
from backend.subscriptions.service import read_subscription_of
from components.i18n import t
from state.guard import signed_in, user_of
from state.payment_words import payment_problem

MAX_SHOWN_UNSEEN = 99


class ShellState(rx.State):
    """The frame's values; filled by the pages' own handlers."""

    email: str = ""
    initial: str = ""
    plan: str = ""
    is_demo: bool = False
    block: str = ""
    block_at: str = ""
    stale_after_seconds: float = 60.0
    unseen: int = 0
    is_visitor: bool = False
    payment_problem: str = ""
    erasure_on: str = ""
    unconfirmed_email: str = ""
    unconfirmed_until: str = ""

    @rx.event
    async def read_notices(self) -> None:
        """Read what stands above every page, for whoever is signed in (public: nobody sees nothing)."""
        user = await user_of(self)
        if user is None:
            self.erasure_on = self.payment_problem = self.unconfirmed_email = ""
        else:
            await self._read_erasure(user)
            await self._read_payments(user)
            async with resources().database.unit_of_work(user.id) as session:
                self.unconfirmed_email = await unconfirmed_email(session, user)
                until = await privacy.erased_unless_confirmed(session, user) if self.unconfirmed_email else None
            self.unconfirmed_until = f"{until:%Y-%m-%d}" if until else ""

    @signed_in
    async def keep_account(self, user: CurrentUser) -> Any:
        """Take back the wish to have the account erased."""
        await self._cancel_erasure(user)
        return rx.toast.success(t("privacy.kept"))

    @rx.var
    def unseen_text(self) -> str:
        """How many alerts came since the live feed was last open."""
        return f"{MAX_SHOWN_UNSEEN}+" if self.unseen > MAX_SHOWN_UNSEEN else str(self.unseen)

    @classmethod
    async def _show(cls, state: rx.State, user: CurrentUser | None) -> "ShellState":
        """Fill the frame around the page of `state` for whoever is signed in (None: a visitor); return the frame."""
        shell = await state.get_state(cls)
        if user is None:
            shell._show_visitor()
        else:
            shell._show_account(user)
        await shell._read_freshness()
        return shell

    def _show_visitor(self) -> None:
        self.is_visitor, self.email, self.payment_problem = True, "", ""
        self.is_demo = resources().settings.is_demo_chain

    def _show_account(self, user: CurrentUser) -> None:
        self.is_visitor = False
        self.email = user.email or t("account.wallet_only")
        self.initial = self.email[:1] if user.email else "W"
        self.plan = t("account.plan", plan=t(f"plan.{user.tier}"))
        self.is_demo = resources().settings.is_demo_chain

    async def _read_erasure(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            erasure = await privacy.erasure_of(session, user)
        self.erasure_on = f"{erasure.due_at:%Y-%m-%d}" if erasure.due_at else ""

    async def _read_payments(self, user: CurrentUser) -> None:
        held = resources()
        views, read = held.subscription_views, read_subscription_of
        shown = await views.get(user.id, lambda: read(held.database, held.settings, user))
        self.payment_problem = payment_problem(shown)

    async def _cancel_erasure(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            await privacy.cancel_erasure(session, user)
        self.erasure_on = ""

    async def _read_freshness(self) -> None:
        """Take the newest block of the first followed chain; unknown stays unknown."""
        async with resources().database.unit_of_work() as session:
            heads = await chain_service.chain_freshness(session)
        if not heads:
            self.block, self.block_at = "", ""
            return
        head = max(heads, key=lambda each: each.taken_at)
        chain = find_chain(head.chain_id)
        self.stale_after_seconds = max(30.0, 10 * chain.expected_block_seconds) if chain else 60.0
        self.block, self.block_at = formats.number(head.block_number), formats.iso(head.taken_at)
