"""A surface with a hairline border, a title and room for one action."""

from typing import Any

import reflex as rx


def card(title: Any, *children: Any, action: rx.Component | None = None, note: Any = None) -> rx.Component:
    """Return a titled section of a page; `note` says where its data is from."""
    return rx.el.section(
        rx.el.header(
            rx.el.div(
                rx.el.h2(title, class_name="text-14 font-strong"),
                rx.el.p(note, class_name="text-12 text-ink-3") if note is not None else None,
                class_name="min-w-0 flex-1 basis-44",
            ),
            action,
            class_name="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 min-h-12 py-2 border-b border-line",
        ),
        *children,
        class_name="border border-line rounded-8 bg-surface min-w-0 overflow-hidden",
    )
