"""Nothing here yet: one sentence, one action, and an example of what would be here."""

from typing import Any

import reflex as rx

from components.ui.icon import icon


def empty_state(
    icon_name: str, title: Any, text: Any, action: rx.Component | None = None, example: Any = None
) -> rx.Component:
    """Return the empty state of a list."""
    return rx.el.div(
        icon(icon_name, 20, "text-ink-3"),
        rx.el.p(title, class_name="text-14 font-strong"),
        rx.el.p(text, class_name="text-13 text-ink-2 max-w-md"),
        rx.el.p(example, class_name="text-13 text-ink-3 max-w-md") if example is not None else None,
        rx.el.div(action, class_name="mt-2") if action is not None else None,
        class_name="flex flex-col items-center justify-center gap-1.5 text-center px-6 py-12",
    )
