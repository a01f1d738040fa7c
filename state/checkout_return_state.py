"""Back from the checkout: wait until the payment is reported to us. The address proves nothing and gives nothing."""

import asyncio
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core.errors import NotFoundError
from backend.subscriptions.service import checkout_status, read_subscription_of, refetch, shared_gateway
from components.i18n import t
from state.background import signed_in_background
from state.guard import signed_in
from state.shell_state import ShellState

REFETCH_AFTER_SECONDS = 20
GIVE_UP_AFTER_SECONDS = 75
_POLL_SECONDS = 1.0


class CheckoutReturnState(rx.State):
    """What the page shows: phase is waiting, done, open, failed, unknown or late."""

    phase: str = "waiting"
    plan: str = ""
    pay_url: str = ""
    is_trial: bool = False
    test_payments: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show that it is being waited for, and begin to."""
        await ShellState._show(self, user)
        self.phase, self.pay_url, self.plan = "waiting", "", ""
        self.test_payments = resources().settings.is_test_payments
        return CheckoutReturnState.follow

    @signed_in_background
    async def follow(self, user: CurrentUser) -> Any:
        """Look until the plan is there; after twenty seconds have it fetched, and give up after more than a minute."""
        async with self:
            session_id = self.router.url.query_parameters.get("session_id", "")[:255]
        held = resources()
        try:
            status = await checkout_status(held.database, shared_gateway(held.settings), user, session_id)
        except NotFoundError:
            return await self._show("unknown", "")
        if status.state in ("open", "failed"):
            return await self._show(status.state, status.tier, status.url or "")
        asked = False
        for waited in range(GIVE_UP_AFTER_SECONDS):
            shown = await read_subscription_of(held.database, held.settings, user)
            if shown.subscription is not None:
                return await self._show(
                    "done", shown.subscription.tier, is_trial=shown.subscription.status == "trialing"
                )
            if waited >= REFETCH_AFTER_SECONDS and not asked:
                asked = await refetch(held.database, user)
            await asyncio.sleep(_POLL_SECONDS)
        return await self._show("late", status.tier)

    async def _show(self, phase: str, tier: str, pay_url: str = "", *, is_trial: bool = False) -> Any:
        async with self:
            self.phase, self.pay_url, self.is_trial = phase, pay_url, is_trial
            self.plan = t(f"plan.{tier}") if tier else ""
            if phase == "done":
                shell = await self.get_state(ShellState)
                shell.plan = t("account.plan", plan=self.plan)
        return None
