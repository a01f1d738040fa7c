"""The tab of what fired: filters that live in the address, pages, and export of exactly what is filtered."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.history_table import history_table
from components.tables.pager import pager
from components.ui.button import button_class, link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.field import FILTER
from components.ui.filter_chips import filter_chip
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from state.alerts_state import AlertsState

# On the class, a state's attributes are values of the page.
alerts: Any = AlertsState


def history_tab() -> rx.Component:
    """Return filters and table."""
    return rx.el.div(
        plan_limit(alerts.hour_message, alerts.hour_upgrade_to),
        _filters(),
        _table(),
        class_name="flex flex-col gap-3",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        rx.foreach(alerts.chips, lambda chip: filter_chip(chip.text, chip.href, chip.active)),
        _select("rule", t("history.any_rule"), alerts.rule_options, alerts.filter_rule),
        _select("token", t("history.any_token"), alerts.token_options, alerts.filter_token),
        _date("from", t("history.from"), alerts.filter_from),
        _date("to", t("history.to"), alerts.filter_to),
        rx.cond(alerts.is_filtered, link_button(t("history.clear"), "/alerts/?tab=history", "ghost")),
        role="group",
        aria_label=t("history.filters"),
        class_name="flex flex-wrap items-center gap-2",
    )


def _select(name: str, every: str, options: rx.Var, value: rx.Var) -> rx.Component:
    return rx.el.select(
        rx.el.option(every, value=""),
        rx.foreach(options, lambda option: rx.el.option(option.text, value=option.value)),
        value=value,
        on_change=alerts.change_filter(name),
        aria_label=every,
        class_name=FILTER,
    )


def _date(name: str, label: str, value: rx.Var) -> rx.Component:
    return rx.el.label(
        rx.el.span(label, class_name="text-13 text-ink-2"),
        rx.el.input(
            type="date",
            default_value=value,
            key=value,
            on_change=alerts.change_filter(name),
            class_name=FILTER,
        ),
        class_name="inline-flex items-center gap-1.5",
    )


def _table() -> rx.Component:
    return card(
        t("history.title"),
        rx.cond(
            alerts.history_loaded,
            rx.cond(
                alerts.history.length() > 0,
                rx.fragment(history_table(alerts.history), pager(alerts.history_pager)),
                rx.cond(
                    alerts.is_filtered,
                    empty_state(
                        "filter-x",
                        t("history.no_match"),
                        t("history.no_match_text"),
                        link_button(t("history.clear"), "/alerts/?tab=history"),
                    ),
                    empty_state("history", t("history.none_title"), t("history.none_text")),
                ),
            ),
            skeleton_rows(10),
        ),
        action=rx.el.div(
            *[
                document_link(
                    icon("download"),
                    form.upper(),
                    href=alerts.export_query.to(str) + f"&format={form}",
                    download=True,
                    aria_label=t("history.export", form=form.upper()),
                    class_name=button_class("secondary"),
                )
                for form in ("csv", "json")
            ],
            class_name="flex gap-2",
        ),
        note=alerts.history_note,
    )
