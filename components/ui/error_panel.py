"""What happened, what was kept, what to do, and an id that support can find in the logs."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button
from components.ui.icon import icon


def error_panel(message: Any, request_id: Any, on_retry: Any) -> rx.Component:
    """Return the panel shown in place of data that could not be read."""
    return rx.el.div(
        icon("triangle-alert", 20, "text-loss"),
        rx.el.div(
            rx.el.p(t("error.title"), class_name="text-14 font-strong"),
            rx.el.p(message, class_name="text-13 text-ink-2"),
            rx.el.p(
                t("error.request"), " ", rx.el.code(request_id, class_name="mono"), class_name="text-12 text-ink-3 mt-1"
            ),
            class_name="min-w-0 flex-1",
        ),
        button(t("action.retry"), on_click=on_retry, icon_name="rotate-cw"),
        role="alert",
        class_name="flex flex-wrap items-start gap-3 p-4 border border-loss rounded-8 bg-loss-ground",
    )
