"""What the pages before signing in have in common: the mark, a title, a line, and room for a form."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.navigation import mark
from components.layout.theme_switch import theme_switch


def entrance(title: Any, lead: Any, *content: Any) -> rx.Component:
    """Return the page."""
    return rx.el.div(
        rx.el.main(
            rx.el.div(
                mark(), rx.el.span(t("brand"), class_name="text-16 font-strong"), class_name="flex items-center gap-2.5"
            ),
            rx.el.h1(title, class_name="text-28 font-strong tracking-tight mt-8"),
            rx.el.p(lead, class_name="text-ink-2 mt-1"),
            *content,
            class_name="w-full max-w-[360px]",
        ),
        rx.el.header(theme_switch(), class_name="fixed top-4 right-4"),
        class_name="min-h-dvh flex items-start justify-center px-4 pt-[14vh] pb-12",
    )


def notice(text: Any) -> rx.Component:
    """Return a line that says what has happened."""
    return rx.el.p(
        text,
        role="status",
        class_name="mt-5 px-3 py-2 rounded-6 border border-line-strong bg-surface text-13 font-strong",
    )


def problem(text: Any) -> rx.Component:
    """Return a line that says what went wrong."""
    return rx.el.p(
        text, class_name="mt-5 px-3 py-2 rounded-6 border border-loss bg-loss-ground text-loss text-13 font-strong"
    )
