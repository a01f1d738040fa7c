"""A segmented control: few choices, all visible, one taken."""

from typing import Any

import reflex as rx

_PART = "inline-flex items-center justify-center gap-1.5 h-7 max-md:h-10 px-2.5 rounded-4 text-13 font-strong "


def segmented(label: str, options: list[tuple[Any, Any, Any, rx.Component | None]], current: Any) -> rx.Component:
    """Return the control from (value, text, event, icon) and the current value."""
    return rx.el.div(
        *[
            rx.el.button(
                icon_part,
                text,
                type="button",
                on_click=event,
                custom_attrs={"aria-pressed": rx.cond(current == value, "true", "false")},
                class_name=rx.cond(
                    current == value,
                    _PART + "bg-ground text-ink border border-line",
                    _PART + "text-ink-2 hover:text-ink",
                ),
            )
            for value, text, event, icon_part in options
        ],
        role="group",
        aria_label=label,
        class_name="inline-flex self-start gap-0.5 p-0.5 rounded-6 bg-raised",
    )
