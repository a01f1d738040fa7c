"""A drawer for details, a small dialog for what cannot be undone."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.browser import Modal
from components.ui.button import button, icon_button


def drawer(title: Any, *children: Any, is_open: Any, on_close: Any, label_id: str) -> rx.Component:
    """Return a panel that slides in from the right; Escape, the cross and the scrim close it."""
    return Modal.create(
        rx.el.div(
            rx.el.header(
                rx.el.h2(title, id=label_id, class_name="text-16 font-strong"),
                icon_button(t("action.close"), "x", on_click=on_close),
                class_name="flex items-center justify-between gap-3 px-5 h-14 shrink-0 border-b border-line",
            ),
            *children,
            class_name="flex flex-col h-full",
        ),
        open=is_open,
        on_close=on_close,
        class_name="panel panel-right",
        custom_attrs={"aria-labelledby": label_id},
    )


def confirm_dialog(
    title: Any, text: Any, verb: Any, *, is_open: Any, on_confirm: Any, on_close: Any, label_id: str
) -> rx.Component:
    """Return the question asked before something is destroyed; the safe answer comes first."""
    return Modal.create(
        rx.el.div(
            rx.el.h2(title, id=label_id, class_name="text-16 font-strong"),
            rx.el.p(text, class_name="text-14 text-ink-2 mt-2"),
            rx.el.div(
                button(t("action.cancel"), on_click=on_close),
                button(verb, "danger", on_click=on_confirm),
                class_name="flex justify-end gap-2 mt-5",
            ),
            class_name="p-5",
        ),
        open=is_open,
        on_close=on_close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": label_id},
    )
