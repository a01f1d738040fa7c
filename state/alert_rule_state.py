"""One rule: its sentence, its options, its reading with the threshold, and what it did."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import reflex as rx
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.alerts.automation import service as automation
from backend.alerts.automation.schemas import RunFilter
from backend.alerts.schemas import AlertAction, HistoryFilter, RuleRead, RuleUpdate
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.money import plain
from backend.notifications import service as notifications
from components.i18n import t
from state.alert_rows import alert_row, rule_row
from state.delivery_rows import delivery_row
from state.guard import signed_in
from state.rule_chart import RANGES, range_of, read_chart
from state.run_rows import RunRow, run_row
from state.shell_state import ShellState
from state.view_models import AlertRow, ChartView, Chip, DeliveryRow, Fact, RuleRow

# How many alerts are drawn into the chart, and how many of them are listed.
MOST_MARKS = 200
LISTED = 20
LISTED_DEAD = 10
SNOOZES = ("0", "3600", "28800", "86400", "604800")
_NO_RULE = RuleRow(
    id="", name="", sentence="", kind="", kind_label="", enabled=False, status="", status_tone="", channels="",
    rhythm="", last_at="", history_to="", page_to="", edit_to="", copy_to="",
)  # fmt: skip


class AlertRuleState(rx.State):
    """What a rule's page shows."""

    loaded: bool = False
    missing: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    rule: RuleRow = _NO_RULE
    facts: list[Fact] = []
    chart: ChartView = ChartView()
    ranges: list[Chip] = []
    alerts: list[AlertRow] = []
    alerts_note: str = ""
    asks_delete: bool = False
    snoozed_until: str = ""
    guard_text: str = ""
    runs: list[RunRow] = []
    runs_note: str = ""
    deliveries: list[DeliveryRow] = []
    deliveries_note: str = ""
    deliveries_to: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the rule that the address names."""
        await ShellState._show(self, user)
        rule_id = self._rule_id()
        if self.rule.id != str(rule_id):
            self.loaded, self.rule = False, _NO_RULE
        self.failure = self.failure_id = self.limit_message = self.upgrade_to = ""
        self.asks_delete = False
        try:
            await self._read(user, rule_id)
            self.missing = False
        except NotFoundError:
            self.missing = True
        self.loaded = True

    @signed_in
    async def set_enabled(self, user: CurrentUser, enabled: bool) -> Any:
        """Pause or resume the rule."""
        self.limit_message = self.upgrade_to = ""
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.set_enabled(session, user, self._rule_id(), bool(enabled))
        await self._read(user, self._rule_id())
        return rx.toast.success(t("rules.resumed") if enabled else t("rules.paused_toast"))

    @signed_in
    async def snooze(self, user: CurrentUser, seconds: str) -> Any:
        """Keep the rule silent for a while (`seconds`, one of those offered; 0 wakes it)."""
        if str(seconds) not in SNOOZES:
            raise InvalidInputError(t("form.invalid"))
        until = utc_now() + timedelta(seconds=int(seconds)) if int(seconds) else None
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.update_rule(session, user, self._rule_id(), RuleUpdate(snoozed_until=until))
        await self._read(user, self._rule_id())
        return rx.toast.success(t("rule.snoozed_toast") if until else t("rule.woken_toast"))

    @signed_in
    async def toggle_run(self, user: CurrentUser, run_id: str) -> Any:
        """Show every step of a run, or hide them again."""
        known = next((run for run in self.runs if run.id == run_id), None)
        if known is None:
            raise InvalidInputError(t("form.invalid"))
        if known.is_open:
            made = replace(known, is_open=False, steps=[])
        else:
            async with resources().database.unit_of_work(user.id) as session:
                made = run_row(await automation.get_run(session, user, UUID(run_id)))
        self.runs = [made if run.id == run_id else run for run in self.runs]

    @signed_in
    async def resend(self, user: CurrentUser, message_id: str) -> Any:
        """Put a message of the rule in line again, or send one now that is held."""
        if str(message_id) not in {row.id for row in self.deliveries}:
            raise InvalidInputError(t("form.invalid"))
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.resend_delivery(session, user, UUID(str(message_id)))
        await self._read(user, self._rule_id())
        return rx.toast.success(t("deliveries.resent"))

    @signed_in
    async def ask_delete(self, user: CurrentUser) -> Any:
        """Ask before deleting."""
        self.asks_delete = True

    @signed_in
    async def cancel_delete(self, user: CurrentUser) -> Any:
        """Leave the rule as it is."""
        self.asks_delete = False

    @signed_in
    async def delete_rule(self, user: CurrentUser) -> Any:
        """Delete the rule; its history stays."""
        self.asks_delete = False
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.delete_rule(session, user, self._rule_id())
        return [rx.redirect("/alerts/?tab=rules"), rx.toast.success(t("rules.deleted"))]

    async def _read(self, user: CurrentUser, rule_id: UUID) -> None:
        held = resources()
        span = range_of(dict(self.router.url.query_parameters))
        async with (
            held.timeseries.unit_of_work(user.id) as history,
            held.database.unit_of_work(user.id) as session,
        ):
            rule = await alerts_service.get_rule(session, user, rule_id)
            wanted = HistoryFilter(rule_id=rule_id)
            page = await alerts_service.list_history(session, user, wanted, 1, MOST_MARKS)
            self.chart = await read_chart(history, rule, page.items, span)
            runs = await automation.list_runs(session, user, RunFilter(rule_id=rule_id), 1, LISTED)
            names = await _names_of_acted(session, user, rule)
            sent = await notifications.list_deliveries(session, user.id, None, 1, LISTED, rule_id=rule_id)
            dead = await notifications.list_deliveries(session, user.id, "dead", 1, LISTED_DEAD, rule_id=rule_id)
        self.rule, self.facts = rule_row(rule), facts_of(rule, names)
        is_snoozed = rule.snoozed_until is not None and rule.snoozed_until > utc_now()
        self.snoozed_until = formats.iso(rule.snoozed_until) if is_snoozed else ""
        self.guard_text = rule.guard_description or ""
        self.runs = [run_row(run) for run in runs.items]
        self.runs_note = t("runs.note_one" if runs.total == 1 else "runs.note", total=formats.number(runs.total))
        # What was given up comes first: something is to be done about it.
        rest = [each for each in sent.items if each.status != "dead"]
        self.deliveries = [delivery_row(each) for each in (*dead.items, *rest)]
        self.deliveries_note = t(
            "deliveries.rule_note_dead" if dead.total else "deliveries.rule_note",
            total=formats.number(sent.total),
            dead=formats.number(dead.total),
        )
        self.deliveries_to = f"/settings/channels/?rule={rule_id}#deliveries"
        self.alerts = [alert_row(alert) for alert in page.items[:LISTED]]
        self.alerts_note = t(
            "history.note_one" if page.total == 1 else "history.note", total=formats.number(page.total)
        )
        self.ranges = [
            Chip(t(f"chart.range_{key}"), f"/alerts/rules/{rule_id}/?range={key}", key == span) for key in RANGES
        ]

    def _rule_id(self) -> UUID:
        """Return the rule that the address names. Raises InvalidInputError."""
        parts = [part for part in self.router.url.path.split("/") if part]
        try:
            return UUID(parts[2])
        except (IndexError, ValueError):
            raise InvalidInputError(t("form.invalid")) from None


async def _names_of_acted(session: AsyncSession, user: CurrentUser, rule: RuleRead) -> dict[UUID, str]:
    """Return the names of the rules that a rule acts on, as far as they are still there."""
    names: dict[UUID, str] = {}
    for rule_id in {each.rule_id for each in (*rule.actions, *rule.else_actions) if each.rule_id}:
        with suppress(NotFoundError):
            names[rule_id] = (await alerts_service.get_rule(session, user, rule_id)).name
    return names


def facts_of(rule: RuleRead, names: Mapping[UUID, str]) -> list[Fact]:
    """Return what there is to know about a rule besides its sentence; `names` are those of the rules it acts on."""
    row = rule_row(rule)
    return [
        Fact(t("rules.type"), row.kind_label),
        Fact(t("rules.tells"), row.channels),
        *_acts_of(t("rule.then"), [each for each in rule.actions if each.rule_id], names),
        *_acts_of(t("builder.otherwise"), rule.else_actions, names),
        Fact(t("rules.rhythm"), row.rhythm),
        *_options_of(rule),
        Fact(t("rules.last"), "", row.last_at),
        Fact(t("rules.created"), "", formats.iso(rule.created_at)),
        Fact(t("rules.changed"), t("rules.version", version=rule.version), formats.iso(rule.updated_at)),
    ]


def _acts_of(label: str, actions: Sequence[AlertAction], names: Mapping[UUID, str]) -> list[Fact]:
    """Return one line an action on another rule, and a way to tell in its place when the check does not hold."""
    return [
        Fact(label, t(f"rule.act_{each.type}", rule=names.get(each.rule_id, t("figures.deleted"))))
        if each.rule_id
        else Fact(label, t(f"channel.{each.type}"))
        for each in actions
    ]


def _options_of(rule: RuleRead) -> list[Fact]:
    """Return the options that a rule has beyond the usual ones."""
    found = []
    if rule.snoozed_until is not None and rule.snoozed_until > utc_now():
        found.append(Fact(t("rule.snoozed"), t("rule.until", time=f"{rule.snoozed_until:%Y-%m-%d %H:%M} UTC")))
    if rule.trigger == "level":
        found.append(Fact(t("builder.trigger"), t("builder.trigger_level")))
    if rule.hysteresis_pct is not None:
        found.append(Fact(t("rule.hysteresis"), f"{plain(rule.hysteresis_pct)}%"))
    if rule.active_hours is not None:
        hours = rule.active_hours
        days = ", ".join(t(f"builder.day_{day}") for day in sorted(set(hours.days))) if len(set(hours.days)) < 7 else ""
        said = " · ".join(part for part in (days, f"{hours.begin} - {hours.end}", hours.time_zone) if part)
        found.append(Fact(t("builder.hours"), said))
    if rule.expires_at is not None:
        found.append(Fact(t("rule.expires"), f"{rule.expires_at:%Y-%m-%d %H:%M} UTC"))
    return found
