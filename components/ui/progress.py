"""How far something is that takes a while: a bar, and the step in words."""

from typing import Any

import reflex as rx


def progress(pct: Any, text: Any) -> rx.Component:
    """Return the bar at so many percent with its step below, which is read out as it changes."""
    return rx.el.div(
        rx.el.progress(value=pct, max=100, aria_label=text, class_name="progress w-full"),
        rx.el.p(text, role="status", class_name="num text-12 text-ink-2"),
        class_name="flex flex-col gap-1 mt-2 max-w-md",
    )
