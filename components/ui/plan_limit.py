"""What the plan does not allow, said where it was wanted, with the way to a larger plan."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import link_button
from components.ui.icon import icon


def plan_limit(message: Any, upgrade_to: Any) -> rx.Component:
    """Return the notice, nothing while `message` is empty; `upgrade_to` is the tier that allows more, or empty."""
    return rx.cond(
        message != "",
        rx.el.div(
            icon("lock", 16, "text-warn mt-0.5"),
            rx.el.p(message, class_name="flex-1 min-w-48 text-13 text-ink"),
            rx.cond(upgrade_to != "", link_button(t("limits.compare"), "/pricing/")),
            role="alert",
            class_name="flex flex-wrap items-center gap-3 p-3 border border-line-strong rounded-8 bg-warn-ground",
        ),
    )
