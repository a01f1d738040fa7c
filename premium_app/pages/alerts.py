"""Alerts: the rules, what they see live, and all that ever fired."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.alerts_frame import alerts_frame
from components.ui.dialogs import confirm_dialog
from components.ui.error_panel import error_panel
from premium_app.pages.alerts_live import live_tab
from premium_app.pages.alerts_overview import overview_tab
from premium_app.pages.alerts_rules import rules_tab
from state.alerts_state import AlertsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
alerts: Any = AlertsState


def alerts_page() -> rx.Component:
    """Return the page."""
    return alerts_frame(
        alerts.tab,
        rx.cond(
            alerts.failure != "",
            error_panel(alerts.failure, alerts.failure_id, alerts.load),
            rx.match(
                alerts.tab,
                ("overview", overview_tab()),
                ("live", live_tab()),
                rules_tab(),
            ),
        ),
        _delete_dialog(),
        shell_state=ShellState,
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
