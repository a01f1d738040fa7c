"""A switch: something that is on or off, with what it means beside it."""

from typing import Any

import reflex as rx

_TRACK = "inline-flex items-center w-9 h-5 p-0.5 rounded-full shrink-0 border transition-colors duration-100 "
_KNOB = "size-3.5 rounded-full transition-transform duration-100 "


def switch(label: Any, text: Any, *, is_on: Any, on_click: Any) -> rx.Component:
    """Return a row with a title, a line below it, and the switch at its end; the whole row is the target."""
    return rx.el.button(
        rx.el.span(
            rx.el.span(label, class_name="block text-14 font-strong"),
            rx.el.span(text, class_name="block text-13 text-ink-2"),
            class_name="min-w-0",
        ),
        rx.el.span(
            rx.el.span(class_name=rx.cond(is_on, _KNOB + "bg-accent-ink translate-x-4", _KNOB + "bg-ink-3")),
            aria_hidden="true",
            class_name=rx.cond(
                is_on, _TRACK + "bg-accent-fill border-transparent", _TRACK + "bg-raised border-line-strong"
            ),
        ),
        type="button",
        role="switch",
        aria_checked=is_on,
        on_click=on_click,
        class_name="flex items-center justify-between gap-6 w-full px-4 py-3 min-h-11 text-left hover:bg-raised",
    )
