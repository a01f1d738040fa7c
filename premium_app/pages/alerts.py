"""Alerts: the rules, what they see live, and all that ever fired."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.shell import shell
from components.ui.button import link_button
from components.ui.dialogs import confirm_dialog
from components.ui.error_panel import error_panel
from components.ui.tabs import tabs
from premium_app.pages.alerts_history import history_tab
from premium_app.pages.alerts_live import live_tab
from premium_app.pages.alerts_rules import rules_tab
from premium_app.pages.alerts_webhooks import webhooks_tab
from premium_app.pages.rule_form import rule_drawer
from state.alerts_state import AlertsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
alerts: Any = AlertsState

_TABS = ("rules", "live", "history", "webhooks")


def alerts_page() -> rx.Component:
    """Return the page."""
    return shell(
        "alerts",
        t("nav.alerts"),
        rx.el.div(
            rx.el.div(
                tabs(
                    t("alerts.tabs"),
                    [(key, t(f"alerts.tab_{key}"), f"/alerts/?tab={key}") for key in _TABS],
                    alerts.tab,
                ),
                link_button(t("alerts.new"), "/alerts/?tab=rules&new=price", "primary", "plus"),
                class_name="flex items-start justify-between gap-4 max-md:flex-col-reverse max-md:items-stretch",
            ),
            rx.cond(
                alerts.failure != "",
                error_panel(alerts.failure, alerts.failure_id, alerts.load),
                rx.match(
                    alerts.tab,
                    ("live", live_tab()),
                    ("history", history_tab()),
                    ("webhooks", webhooks_tab()),
                    rules_tab(),
                ),
            ),
            rule_drawer(),
            _delete_dialog(),
            class_name="flex flex-col gap-4",
        ),
        ShellState,
    )


def _delete_dialog() -> rx.Component:
    return confirm_dialog(
        t("rules.delete_title"),
        rx.fragment(rx.el.strong(alerts.deleting_name), " ", t("rules.delete_text")),
        t("rules.delete_verb"),
        is_open=alerts.deleting_id != "",
        on_confirm=alerts.delete_rule,
        on_close=alerts.cancel_delete,
        label_id="delete-title",
    )
