"""The frame of the settings pages: their tabs above, the current one's cards below."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.places import SETTINGS_TABS
from components.layout.shell import shell
from components.ui.tabs import tabs


def settings_frame(current: str, *content: rx.Component, shell_state: Any) -> rx.Component:
    """Return the settings page whose tab is `current` (see `SETTINGS_TABS`)."""
    return shell(
        "settings",
        t("settings.title"),
        rx.el.div(
            tabs(t("settings.title"), [(tab.key, tab.label, tab.to) for tab in SETTINGS_TABS], current),
            rx.el.div(*content, class_name="flex flex-col gap-6 max-w-[760px]"),
            class_name="flex flex-col gap-6",
        ),
        shell_state,
    )
