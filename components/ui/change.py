"""A change in percent: arrow, sign and colour say the same thing."""

from typing import Any

import reflex as rx

from components.ui.icon import icon


def change(text: Any, direction: Any) -> rx.Component:
    """Return a signed change; `direction` is up, down, flat or unknown."""
    line = "inline-flex items-center gap-0.5 num text-12 font-strong "
    return rx.el.span(
        rx.match(
            direction,
            ("up", icon("arrow-up-right", 14)),
            ("down", icon("arrow-down-right", 14)),
            rx.fragment(),
        ),
        text,
        class_name=rx.match(direction, ("up", line + "text-gain"), ("down", line + "text-loss"), line + "text-ink-3"),
    )
