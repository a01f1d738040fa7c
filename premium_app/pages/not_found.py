"""The page shown for an address that leads nowhere."""

import reflex as rx

from components.i18n import t
from components.ui.button import link_button
from components.ui.empty_state import empty_state


def not_found_page() -> rx.Component:
    """Return the page."""
    return rx.el.main(
        rx.el.h1(t("not_found.title"), class_name="sr-only"),
        empty_state(
            "compass", t("not_found.title"), t("not_found.text"), link_button(t("not_found.back"), "/", "primary")
        ),
        class_name="min-h-dvh flex items-center justify-center",
    )
