"""A small line without axes, as inline SVG; the path is computed on the server."""

from typing import Any

import reflex as rx


def sparkline(path: Any, direction: Any, label: Any) -> rx.Component:
    """Return the line of an SVG path in a 120 by 32 box, coloured by `direction`; `label` says it in words."""
    return rx.el.svg(
        rx.el.svg.path(
            d=path,
            fill="none",
            stroke="currentColor",
            stroke_width="1.5",
            stroke_linejoin="round",
            stroke_linecap="round",
        ),
        view_box="0 0 120 32",
        role="img",
        aria_label=label,
        custom_attrs={"preserveAspectRatio": "none"},
        class_name=rx.match(
            direction,
            ("up", "block w-full h-8 text-gain"),
            ("down", "block w-full h-8 text-loss"),
            "block w-full h-8 text-ink-3",
        ),
    )
