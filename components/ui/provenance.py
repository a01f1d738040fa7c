"""Where a number is from and as of when, on hover and on focus."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.icon import icon


def provenance(tip_id: Any, *lines: Any, align_right: bool = False) -> rx.Component:
    """Return a small button that shows the source of the number beside it; `tip_id` must be unique on the page."""
    return rx.el.span(
        rx.el.button(
            icon("info", 14),
            type="button",
            aria_label=t("provenance.label"),
            custom_attrs={"aria-describedby": tip_id},
            class_name="inline-flex items-center justify-center size-6 -m-1 rounded-4 text-ink-3 hover:text-ink cursor-help",
        ),
        rx.el.span(
            *[rx.el.span(line, class_name="block") for line in lines], id=tip_id, role="tooltip", class_name="tip-body"
        ),
        class_name="tip tip-right" if align_right else "tip",
    )
