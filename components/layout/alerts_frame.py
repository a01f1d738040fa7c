"""The frame of the alert pages: their tabs above, the one primary action at the right."""

from typing import Any
from urllib.parse import quote

import reflex as rx

from components.i18n import t
from components.layout.shell import shell
from components.ui.button import link_button
from components.ui.tabs import tabs

_TABS = (
    ("overview", "/alerts/"),
    ("rules", "/alerts/?tab=rules"),
    ("live", "/alerts/?tab=live"),
    ("history", "/alerts/history/"),
    ("analytics", "/alerts/analytics/"),
)


def alerts_frame(current: Any, *content: Any, shell_state: Any, has_action: bool = True) -> rx.Component:
    """Return an alert page whose tab is `current`; where a rule is being written, that is the one action."""
    return shell(
        "alerts",
        t("nav.alerts"),
        rx.el.div(
            rx.el.div(
                tabs(t("alerts.tabs"), [(key, t(f"alerts.tab_{key}"), to) for key, to in _TABS], current),
                link_button(t("alerts.new"), _new_rule(current), "primary", "plus") if has_action else None,
                class_name="flex items-start justify-between gap-4 max-md:flex-col-reverse max-md:items-stretch",
            ),
            *content,
            class_name="flex flex-col gap-4",
        ),
        shell_state,
    )


def _new_rule(current: Any) -> Any:
    """Return where rules are written, from where one comes back to the tab."""
    addresses = {key: f"/alerts/new/?back={quote(to, safe='')}" for key, to in _TABS}
    if isinstance(current, str):
        return addresses[current]
    return rx.match(current, *addresses.items(), "/alerts/new/")
