"""Settings → Billing: the plan, what comes next, and changes of it. What was paid is only ever read from what was
fetched; a change is asked for, and shown once it was fetched."""

import asyncio
from collections.abc import Callable
from typing import Any

import reflex as rx

from backend.accounts.service import PLANS, CurrentUser
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.subscriptions.schemas import EnterpriseRequestCreate, Interval, SubscriptionRead, SubscriptionState
from backend.subscriptions.service import (
    INTERVALS,
    SOLD_ONLINE,
    change_plan,
    day,
    list_invoices,
    plan_cents,
    preview_change,
    read_subscription,
    request_enterprise,
    set_cancelled,
    shared_gateway,
)
from components.i18n import t
from state import billing_rows as rows
from state.background import signed_in_background
from state.field_errors import checked
from state.guard import signed_in
from state.payment_words import next_words, price_words, status_tone, status_word
from state.shell_state import ShellState

_NOTICES = ("unavailable", "throttled", "origin")
_SYNC_SECONDS = 8.0
_PRICED: tuple[tuple[str, Interval], ...] = tuple((tier, interval) for tier in SOLD_ONLINE for interval in INTERVALS)
SHOWN_INVOICES = 24


class BillingState(rx.State):
    """What the billing page shows, and which question is open."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    notice: str = ""
    busy: bool = False
    test_payments: bool = False
    has_customer: bool = False
    tier_name: str = ""
    plan: str = ""
    price: str = ""
    status: str = ""
    tone: str = "neutral"
    next_text: str = ""
    has_subscription: bool = False
    can_change: bool = False
    can_cancel: bool = False
    can_resume: bool = False
    by_request: bool = False
    options: list[rows.PlanOption] = []
    usage: list[rows.UsageRow] = []
    invoices: list[rows.InvoiceRow] = []

    asked: str = ""  # which question is open: change, cancel, enterprise
    asked_plan: str = ""
    preview_lines: list[rows.PreviewRow] = []
    preview_total: str = ""
    preview_after: str = ""
    preview_paused: str = ""
    cancel_text: str = ""
    form_errors: dict[str, str] = {}
    contact: str = ""
    _wanted: tuple[str, str, int] = ("", "", 0)
    _synced: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the plan and the invoices; the address may ask for a change or for Enterprise."""
        await ShellState._show(self, user)
        query = self.router.url.query_parameters
        code = query.get("notice", "")
        self.notice = t(f"pricing.notice_{code}") if code in _NOTICES else ""
        self.asked, self.busy = "", False
        await self._read(user)
        self.failure = self.failure_id = ""
        if query.get("enterprise"):
            self.asked, self.form_errors, self.contact = "enterprise", {}, user.email
            return None
        tier, interval = query.get("plan", ""), query.get("interval", "month")
        if self.can_change and any(each.key == f"{tier}/{interval}" for each in self.options):
            return BillingState.preview(f"{tier}/{interval}")
        return None

    @signed_in_background
    async def preview(self, user: CurrentUser, plan_key: str) -> Any:
        """Work out what changing to a plan (`pro/year`) costs, and ask for it."""
        wanted = next((each for each in _PRICED if "/".join(each) == plan_key), None)
        if wanted is None:
            raise InvalidInputError(t("form.invalid"))
        async with self:
            if self.busy:
                return
            self.busy, self.asked, self.preview_lines = True, "change", []
            self.asked_plan = rows.plan_name(*wanted)
        held = resources()
        try:
            found = await preview_change(held.database, shared_gateway(held.settings), user, *wanted)
        except Exception:
            async with self:
                self.asked = ""
            raise
        async with self:
            self.busy = False
            self.preview_lines = rows.preview_rows(found)
            self.preview_total, self.preview_after = rows.preview_total(found), rows.preview_after(found)
            self.preview_paused = rows.paused_words(found.paused)
            self._wanted = (*wanted, found.proration_date)

    @signed_in_background
    async def confirm_change(self, user: CurrentUser) -> Any:
        """Change to the plan that was asked about, at the amounts that were shown."""
        async with self:
            (tier, interval, proration_date), before = self._wanted, self._synced
            if self.busy or not tier:
                return None
            self.busy = True
        held = resources()
        gateway = shared_gateway(held.settings)
        await change_plan(held.database, gateway, user, tier, interval, proration_date)  # type: ignore[arg-type]
        await self._wait_for_news(user, before)
        return rx.toast.success(t("billing.changed", plan=rows.plan_name(tier, interval)))

    @signed_in
    async def ask_cancel(self, user: CurrentUser) -> Any:
        """Ask before the subscription is cancelled, and say until when it stays."""
        shown = await self._read(user)
        if shown.subscription is not None and self.can_cancel:
            paid_until = shown.subscription.trial_end or shown.subscription.current_period_end
            self.cancel_text = t("billing.cancel_text", plan=self.plan, date=day(paid_until))
            self.asked = "cancel"

    @signed_in_background
    async def cancel(self, user: CurrentUser) -> Any:
        """Cancel at the end of what was paid for."""
        return await self._set_cancelled(user, True)

    @signed_in_background
    async def resume(self, user: CurrentUser) -> Any:
        """Take the cancellation back."""
        return await self._set_cancelled(user, False)

    @signed_in
    async def ask_enterprise(self, user: CurrentUser) -> Any:
        """Open the form that asks to talk about Enterprise."""
        self.asked, self.form_errors, self.contact = "enterprise", {}, user.email

    @signed_in
    async def send_enterprise(self, user: CurrentUser, form: dict[str, Any]) -> Any:
        """Store what the form says."""
        data, self.form_errors = checked(EnterpriseRequestCreate, form)
        if data is None:
            return None
        async with resources().database.unit_of_work(user.id) as session:
            await request_enterprise(session, user, data)
        self.asked = ""
        return rx.toast.success(t("billing.enterprise_sent"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the question."""
        self.asked, self.busy = "", False

    async def _set_cancelled(self, user: CurrentUser, cancelled: bool) -> Any:
        async with self:
            if self.busy:
                return None
            self.busy, before = True, self._synced
        held = resources()
        await set_cancelled(held.database, shared_gateway(held.settings), user, cancelled=cancelled)
        # The time of the last fetch would not do: news of the change before this one may still come in.
        await self._wait_for_news(user, before, lambda state: (state.ends_at is not None) == cancelled)
        return rx.toast.success(t("billing.cancelled" if cancelled else "billing.resumed"))

    async def _wait_for_news(
        self, user: CurrentUser, before: str, is_done: Callable[[SubscriptionState], bool] = lambda _: True
    ) -> None:
        """Show what was fetched after a change, waiting a few seconds for a fetch that has it (`is_done`)."""
        for _ in range(int(_SYNC_SECONDS / 0.25)):
            async with resources().database.unit_of_work(user.id) as session:
                shown = await read_subscription(session, resources().settings, user)
            if _stamp(shown) != before and (shown.subscription is None or is_done(shown.subscription)):
                break
            await asyncio.sleep(0.25)
        async with self:
            self.busy, self.asked = False, ""
            await self._read(user)

    async def _read(self, user: CurrentUser) -> SubscriptionRead:
        held = resources()
        async with held.database.unit_of_work(user.id) as session:
            shown = await read_subscription(session, held.settings, user)
            invoices = await list_invoices(session, user, 1, SHOWN_INVOICES)
        self._show(shown)
        self.invoices = [rows.invoice_row(invoice) for invoice in invoices.items]
        self.loaded = True
        return shown

    def _show(self, shown: SubscriptionRead) -> None:
        state = shown.subscription
        self._synced = _stamp(shown)
        self.test_payments, self.has_customer = shown.test_payments, shown.has_customer
        self.tier_name, self.by_request = t(f"plan.{shown.tier}"), PLANS[shown.tier].by_request
        self.usage = rows.usage_rows(shown)
        self.has_subscription = state is not None
        pays = state is not None and state.status in ("active", "trialing") and state.tier in SOLD_ONLINE
        self.can_change = pays
        self.can_cancel = state is not None and state.ends_at is None
        self.can_resume = state is not None and state.ends_at is not None
        self.options = rows.plan_options(shown, {key: plan_cents(*key) for key in _PRICED})
        if state is None:
            self.plan, self.price, self.status, self.next_text = self.tier_name, "", "", ""
            return
        self.plan = rows.plan_name(state.tier, state.interval)
        self.price = price_words(state.amount_cents, state.currency, state.interval)
        self.status, self.tone, self.next_text = status_word(state), status_tone(state), next_words(state)


def _stamp(shown: SubscriptionRead) -> str:
    """Return what differs once a newer fetch was written."""
    return shown.subscription.synced_at.isoformat() if shown.subscription is not None else ""
