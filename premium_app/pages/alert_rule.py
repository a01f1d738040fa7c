"""One rule: its sentence, its options, its reading with the threshold, and what it did."""

from typing import Any

import reflex as rx

from components.charts.chart_card import chart_card
from components.i18n import t
from components.layout.alerts_frame import alerts_frame
from components.tables.alert_list import alert_list
from components.tables.delivery_table import delivery_table
from components.tables.run_list import run_list
from components.ui.badge import badge, toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, button_class, link_button
from components.ui.card import card
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.export_links import export_links
from components.ui.icon import icon
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton
from state.alert_rows import kind_icons
from state.alert_rule_state import SNOOZES, AlertRuleState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = AlertRuleState


def alert_rule_page() -> rx.Component:
    """Return the page."""
    return alerts_frame(
        "rules",
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(page.loaded, rx.cond(page.missing, _missing(), _rule()), _waiting()),
        ),
        _delete_dialog(),
        shell_state=ShellState,
    )


def _missing() -> rx.Component:
    return card(
        t("rule.missing_title"),
        empty_state(
            "search-x",
            t("rule.missing_title"),
            t("rule.missing_text"),
            link_button(t("rule.all"), "/alerts/?tab=rules"),
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.el.div(
        rx.el.span(t("state.loading"), class_name="sr-only"),
        skeleton("h-7 w-2/3"),
        rx.el.div(skeleton("h-[392px] w-full"), skeleton("h-[392px] w-full"), class_name=_COLUMNS),
        skeleton("h-64 w-full"),
        role="status",
        class_name="flex flex-col gap-4",
    )


_COLUMNS = "grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)] items-start"


def _rule() -> rx.Component:
    return rx.fragment(
        _head(),
        plan_limit(page.limit_message, page.upgrade_to),
        rx.el.div(chart_card(page, t("chart.none_title"), t("chart.none_text")), _facts(), class_name=_COLUMNS),
        rx.cond(page.guard_text != "", _guard()),
        rx.cond(page.runs.length() > 0, _runs()),
        _alerts(),
        _deliveries(),
    )


def _head() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            link(
                icon("arrow-left", 14),
                t("rule.all"),
                to="/alerts/?tab=rules",
                class_name="inline-flex items-center gap-1 text-13 text-ink-2 hover:text-ink",
            ),
            rx.el.h2(page.rule.sentence, class_name="text-20 font-strong tracking-tight mt-1 break-words"),
            rx.el.p(
                toned_badge(page.rule.status, page.rule.status_tone),
                rx.cond(page.snoozed_until != "", badge(t("rule.snoozed"), "warn")),
                badge(page.rule.kind_label),
                rx.el.span(page.rule.name, class_name="truncate"),
                class_name="flex flex-wrap items-center gap-2 text-13 text-ink-2 mt-1.5",
            ),
            class_name="min-w-0 flex-1",
        ),
        rx.el.div(
            rx.cond(
                page.rule.enabled,
                button(t("rules.pause"), icon_name="pause", on_click=page.set_enabled(False)),
                button(t("rules.resume"), icon_name="play", on_click=page.set_enabled(True)),
            ),
            rx.cond(
                page.snoozed_until != "",
                button(t("rule.wake"), icon_name="alarm-clock", on_click=page.snooze("0")),
                rx.el.select(
                    rx.el.option(t("rule.snooze"), value=""),
                    *[rx.el.option(t(f"rule.snooze_{each}"), value=each) for each in SNOOZES[1:]],
                    value="",
                    on_change=page.snooze,
                    aria_label=t("rule.snooze"),
                    class_name=button_class(),
                ),
            ),
            link_button(t("rules.edit"), "/alerts/new/?edit=" + page.rule.id, icon_name="pencil"),
            link_button(t("rules.copy"), "/alerts/new/?copy=" + page.rule.id, icon_name="copy-plus"),
            button(t("rules.delete"), "ghost", icon_name="trash-2", on_click=page.ask_delete),
            class_name="flex flex-wrap gap-2",
        ),
        class_name="flex flex-wrap items-end justify-between gap-4",
    )


def _facts() -> rx.Component:
    return card(
        t("rule.options"),
        rx.el.dl(
            rx.foreach(
                page.facts,
                lambda fact: rx.el.div(
                    rx.el.dt(fact.label, class_name="text-ink-3"),
                    rx.el.dd(
                        fact.value,
                        rx.cond((fact.value != "") & (fact.at != ""), rx.fragment(" · ")),
                        rx.cond((fact.at != "") | (fact.value == ""), relative_time(fact.at)),
                        class_name="text-right min-w-0",
                    ),
                    class_name="flex items-start justify-between gap-4 px-4 py-2.5 border-b border-line last:border-0",
                ),
            ),
            class_name="text-13",
        ),
    )


def _guard() -> rx.Component:
    return card(
        t("builder.only_if"),
        rx.el.p(page.guard_text, class_name="px-4 py-3 text-14"),
        note=t("builder.only_if_note"),
    )


def _runs() -> rx.Component:
    return card(
        t("runs.title"),
        run_list(page.runs, page.toggle_run),
        action=export_links("/v1/alerts/automation/runs/export?ruleId=" + page.rule.id),
        note=page.runs_note,
    )


def _alerts() -> rx.Component:
    return card(
        t("rule.alerts"),
        rx.cond(
            page.alerts.length() > 0,
            alert_list(page.alerts, kind_icons()),
            empty_state("bell", t("rule.quiet_title"), t("rule.quiet_text")),
        ),
        action=link(t("rule.all_alerts"), to=page.rule.history_to, class_name="text-13 text-accent hover:underline"),
        note=page.alerts_note,
    )


def _deliveries() -> rx.Component:
    """What left because of this rule, on every channel, and how it fared."""
    return card(
        t("deliveries.title"),
        rx.cond(
            page.deliveries.length() > 0,
            delivery_table(page.deliveries, page.resend),
            empty_state("send", t("deliveries.none_title"), t("deliveries.rule_none")),
        ),
        action=link(t("deliveries.all"), to=page.deliveries_to, class_name="text-13 text-accent hover:underline"),
        note=page.deliveries_note,
    )


def _delete_dialog() -> rx.Component:
    return confirm_dialog(
        t("rules.delete_title"),
        rx.fragment(
            rx.el.strong(rx.cond(page.rule.name != "", page.rule.name, page.rule.sentence)), " ", t("rules.delete_text")
        ),
        t("rules.delete_verb"),
        is_open=page.asks_delete,
        on_confirm=page.delete_rule,
        on_close=page.cancel_delete,
        label_id="delete-title",
    )
