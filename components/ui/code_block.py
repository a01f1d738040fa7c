"""Code to read and to copy: lines are not broken, a long one scrolls (by keyboard too)."""

import reflex as rx


def code_block(text: str, label: str) -> rx.Component:
    """Return the block; `label` names it for those who cannot see it."""
    return rx.el.pre(
        rx.el.code(text, class_name="mono text-13"),
        tab_index=0,
        role="region",
        aria_label=label,
        class_name="p-3 rounded-6 border border-line bg-raised overflow-x-auto",
    )
