"""When the server does not answer: say so, keep what is shown, and say that it is old."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from components.i18n import t
from components.ui.icon import icon


def connection_notice() -> rx.Component:
    """Return the notice that stands at the foot of the page while the connection is lost.

    In a fragment: Reflex puts the page inside what an overlay returns.
    """
    return rx.fragment(_notice())


def _notice() -> rx.Component:
    return rx.el.div(
        rx.cond(
            has_connection_errors,
            rx.el.div(
                icon("wifi-off"),
                rx.el.span(t("connection.lost")),
                class_name="inline-flex items-center gap-2 h-10 px-4 rounded-8 bg-warn-ground text-warn border border-warn text-13 "
                "font-strong",
            ),
        ),
        role="status",
        class_name="fixed bottom-4 max-md:bottom-20 left-1/2 -translate-x-1/2 z-50",
    )
