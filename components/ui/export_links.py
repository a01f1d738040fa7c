"""Links that download what a page shows as a file."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class
from components.ui.icon import icon
from components.ui.link import document_link


def export_links(address: Any) -> rx.Component:
    """Return the links for CSV and JSON; `address` is that of the export with its query, to which the form is added."""
    return rx.el.div(
        *[
            document_link(
                icon("download"),
                form.upper(),
                href=rx.Var.create(address).to(str) + f"&format={form}",
                download=True,
                aria_label=t("history.export", form=form.upper()),
                class_name=button_class("secondary"),
            )
            for form in ("csv", "json")
        ],
        class_name="flex gap-2",
    )
