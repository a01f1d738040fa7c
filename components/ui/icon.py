"""Icons: lucide, 16 px, thin; always decoration, the text beside them (or the label) carries the meaning."""

import reflex as rx


def icon(name: str, size: int = 16, class_name: str = "") -> rx.Component:
    """Return the lucide icon `name`, hidden from screen readers."""
    return rx.icon(
        name,
        size=size,
        stroke_width=1.5,
        class_name=f"shrink-0 {class_name}".strip(),
        custom_attrs={"aria-hidden": True},
    )
