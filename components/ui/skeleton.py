"""Grey shapes of the final size while data is on its way."""

import reflex as rx

from components.i18n import t


def skeleton(class_name: str) -> rx.Component:
    """Return one grey shape; the classes give its size."""
    return rx.el.span(class_name=f"skeleton block {class_name}", custom_attrs={"aria-hidden": True})


def skeleton_rows(count: int) -> rx.Component:
    """Return `count` grey table rows of the final height, announced once as loading."""
    return rx.el.div(
        rx.el.span(t("state.loading"), class_name="sr-only"),
        *[
            rx.el.div(
                skeleton("h-4 w-2/5"),
                skeleton("h-4 w-1/5"),
                skeleton("h-4 w-24 ml-auto"),
                class_name="flex items-center gap-6 px-4 h-(--row) border-b border-line last:border-0",
            )
            for _ in range(count)
        ],
        role="status",
    )
