"""All that ever fired: filters and order live in the address, export gives exactly what is filtered."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.alerts_frame import alerts_frame
from components.tables.history_list import history_list
from components.ui.button import link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.export_links import export_links
from components.ui.filter_chips import filter_chip
from components.ui.filter_fields import filter_date, filter_options, filter_select
from components.ui.skeleton import skeleton_rows
from state.alert_history_state import WINDOW, AlertHistoryState
from state.alert_rows import kind_label
from state.history_filters import ADDRESS, kinds_offered
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
history: Any = AlertHistoryState


def alerts_history_page() -> rx.Component:
    """Return the page."""
    return alerts_frame(
        "history",
        rx.cond(
            history.failure != "",
            error_panel(history.failure, history.failure_id, history.load),
            rx.fragment(_filters(), _table()),
        ),
        shell_state=ShellState,
    )


def _filters() -> rx.Component:
    kinds: list[rx.Component] = [rx.el.option(kind_label(kind), value=kind) for kind in kinds_offered()]
    return rx.el.div(
        filter_select(t("history.any_type"), kinds, history.filter_type, history.change_filter("type")),
        filter_select(
            t("history.any_rule"),
            filter_options(history.rule_options),
            history.filter_rule,
            history.change_filter("rule"),
        ),
        filter_select(
            t("history.any_token"),
            filter_options(history.token_options),
            history.filter_token,
            history.change_filter("token"),
        ),
        filter_date(t("history.from"), history.filter_from, history.change_filter("from")),
        filter_date(t("history.to"), history.filter_to, history.change_filter("to")),
        rx.foreach(history.chips, lambda chip: filter_chip(chip.text, chip.href, chip.active)),
        rx.cond(history.is_filtered, link_button(t("history.clear"), ADDRESS, "ghost")),
        role="group",
        aria_label=t("history.filters"),
        class_name="flex flex-wrap items-center gap-2 min-h-9",
    )


def _table() -> rx.Component:
    return card(
        t("history.title"),
        rx.cond(
            history.loaded,
            rx.cond(history.total > 0, history_list(history, WINDOW), _nothing()),
            rx.el.div(skeleton_rows(12), class_name="min-h-[360px]"),
        ),
        action=export_links(history.export_query),
        note=history.note,
    )


def _nothing() -> rx.Component:
    return rx.cond(
        history.is_filtered,
        empty_state(
            "filter-x",
            t("history.no_match"),
            t("history.no_match_text"),
            link_button(t("history.clear"), ADDRESS),
        ),
        empty_state("history", t("history.none_title"), t("history.none_text")),
    )
