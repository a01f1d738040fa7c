"""An address or a hash: short, copied with one press, opened in the chain's explorer where it has one."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.icon import icon
from components.ui.link import external_link

_SMALL = (
    "chip-action inline-flex items-center justify-center size-6 rounded-4 text-ink-3 hover:text-ink hover:bg-raised"
)


def address_chip(short: Any, full: Any, explorer_url: Any = None, unknown: str = "\u2014") -> rx.Component:
    """Return the shortened text with its actions; `unknown` when the value is empty."""
    return rx.cond(
        full != "",
        rx.el.span(
            rx.el.span(short, title=full, class_name="mono"),
            rx.el.button(
                icon("copy", 12),
                type="button",
                aria_label=t("action.copy_value", value=""),
                title=t("action.copy"),
                on_click=[rx.set_clipboard(full), rx.toast.success(t("toast.copied"))],
                class_name=_SMALL,
            ),
            rx.cond(
                explorer_url != "",
                external_link(
                    icon("external-link", 12), href=explorer_url, aria_label=t("action.explorer"), class_name=_SMALL
                ),
            )
            if explorer_url is not None
            else None,
            class_name="chip inline-flex items-center whitespace-nowrap",
        ),
        rx.el.span(unknown, class_name="text-ink-3"),
    )
