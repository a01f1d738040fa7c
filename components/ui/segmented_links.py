"""A segmented control whose choices are addresses: few choices, all visible, one taken."""

from typing import Any

import reflex as rx

from components.ui.link import link

_PART = (
    "inline-flex items-center justify-center h-7 max-md:h-11 px-2.5 rounded-4 text-13 font-strong whitespace-nowrap "
)


def segmented_links(label: str, chips: Any) -> rx.Component:
    """Return the control from `Chip` view models; going back is not cluttered with every choice."""
    return rx.el.nav(
        rx.foreach(
            chips,
            lambda chip: link(
                chip.text,
                to=chip.href,
                replace=True,
                class_name=rx.cond(
                    chip.active,
                    _PART + "bg-ground text-ink border border-line",
                    _PART + "text-ink-2 hover:text-ink",
                ),
                custom_attrs={"aria-current": rx.cond(chip.active, "true", "false")},
            ),
        ),
        aria_label=label,
        class_name="inline-flex gap-0.5 p-0.5 rounded-6 bg-raised",
    )
