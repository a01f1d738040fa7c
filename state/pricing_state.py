"""Plans and prices, for everybody: which month or year is shown, what the reader has, what the address says."""

from typing import Any

import reflex as rx

from backend.api.resources import resources
from backend.subscriptions.service import SOLD_ONLINE, read_subscription_of
from components.i18n import t
from state.guard import user_of
from state.shell_state import ShellState

_NOTICES = ("not_finished", "unavailable", "throttled", "origin")


class PricingState(rx.State):
    """What the page of plans shows."""

    loaded: bool = False
    interval: str = "month"
    highlighted: str = ""
    tier: str = ""
    paid_tier: str = ""
    paid_interval: str = ""
    trial_available: bool = True
    test_payments: bool = False
    notice: str = ""

    @rx.event
    async def load(self) -> Any:
        """Read the address, and what the reader has if somebody is signed in."""
        query = self.router.url.query_parameters
        self.interval = "year" if query.get("interval") == "year" else "month"
        self.highlighted = query.get("plan", "") if query.get("plan", "") in SOLD_ONLINE else ""
        code = query.get("notice", "")
        self.notice = t(f"pricing.notice_{code}") if code in _NOTICES else ""
        held = resources()
        self.test_payments = held.settings.is_test_payments
        user = await user_of(self)
        await ShellState._show(self, user)
        if user is None:
            self.tier = self.paid_tier = self.paid_interval = ""
            self.trial_available = True
        else:
            shown = await read_subscription_of(held.database, held.settings, user)
            state = shown.subscription
            self.tier, self.trial_available = shown.tier, shown.trial_available
            self.paid_tier = state.tier if state is not None else ""
            self.paid_interval = state.interval if state is not None else ""
        self.loaded = True
