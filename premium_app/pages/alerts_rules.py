"""The tab of rules."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.pager import pager
from components.tables.rule_table import rule_table
from components.ui.button import link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from state.alerts_state import AlertsState

# On the class, a state's attributes are values of the page.
alerts: Any = AlertsState

_NEW = "/alerts/new/?back=%2Falerts%2F%3Ftab%3Drules&kind="


def rules_tab() -> rx.Component:
    """Return the rules, or what stands in their place."""
    return card(
        t("rules.title"),
        rx.cond(
            alerts.rules_loaded,
            rx.cond(
                alerts.rules.length() > 0,
                rx.fragment(
                    rx.el.div(
                        plan_limit(alerts.limit_message, alerts.upgrade_to),
                        plan_limit(alerts.hour_message, alerts.hour_upgrade_to),
                        class_name="flex flex-col gap-2 p-3 empty:hidden",
                    ),
                    rule_table(alerts.rules, alerts.set_enabled, alerts.ask_delete),
                    pager(alerts.rules_pager),
                ),
                _nothing_yet(),
            ),
            skeleton_rows(6),
        ),
        note=alerts.rules_note,
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "bell-plus",
        t("rules.none_title"),
        t("rules.none_text"),
        rx.el.div(
            link_button(t("rules.new_price"), _NEW + "price", "primary", "activity"),
            link_button(t("rules.new_whale"), _NEW + "whale", icon_name="arrow-left-right"),
            class_name="flex flex-wrap justify-center gap-2",
        ),
        example=t("rules.none_example"),
    )
