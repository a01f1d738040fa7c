"""Filter chips: each is a link to the same page with one filter changed, so filters live in the address."""

from typing import Any

import reflex as rx

from components.ui.icon import icon
from components.ui.link import link

_CHIP = "inline-flex items-center gap-1 h-7 max-md:h-11 px-2.5 rounded-full border text-13 whitespace-nowrap "


def filter_chip(text: Any, to: Any, active: Any) -> rx.Component:
    """Return a chip; an active one shows a cross and its address leaves the filter out."""
    return link(
        text,
        rx.cond(active, icon("x", 12)),
        to=to,
        class_name=rx.cond(
            active,
            _CHIP + "border-accent bg-accent-ground text-accent font-strong",
            _CHIP + "border-line-strong text-ink-2 hover:bg-raised hover:text-ink",
        ),
        custom_attrs={"aria-current": rx.cond(active, "true", "false")},
    )
