"""A PDF of ours in the page: the browser's own viewer where it has one, else the way to open it."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class


class _PdfPreview(rx.Component):
    """The part in assets/ui/pdf_preview.js."""

    library = "$/public/ui/pdf_preview.js"
    tag = "PdfPreview"
    href: rx.Var[str]
    title: rx.Var[str]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]


def pdf_preview(href: Any, title: Any) -> rx.Component:
    """Return the preview of the PDF at an address of ours, which must answer with it inline; nothing while it is empty."""
    return _PdfPreview.create(
        href=href,
        title=title,
        labels={"notHere": t("tax_report.preview_not_here"), "open": t("tax_report.preview_open")},
        classes={
            "frame": "block w-full h-[70vh] min-h-96 border-0 bg-raised",
            "instead": "flex flex-wrap items-center gap-3 p-4 text-13 text-ink-2",
            "link": button_class("secondary"),
        },
    )
