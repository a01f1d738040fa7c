"""Where a long list stands, and the way to the pages beside it."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import link_button


def pager(view: Any) -> rx.Component:
    """Return the line below a list from a `Pager` view model."""
    return rx.el.nav(
        rx.el.span(view.text, class_name="text-12 text-ink-3 num"),
        rx.el.div(
            rx.cond(view.previous_to != "", link_button(t("pager.previous"), view.previous_to)),
            rx.cond(view.next_to != "", link_button(t("pager.next"), view.next_to)),
            class_name="flex gap-2",
        ),
        aria_label=t("pager.label"),
        class_name="flex items-center justify-between gap-3 px-4 min-h-11 py-1 border-t border-line",
    )
