"""Form fields: label, control, hint, and the error right below it."""

from typing import Any

import reflex as rx

INPUT = (
    "block w-full h-9 max-md:h-11 px-3 rounded-6 border border-line-strong bg-surface text-14 hover:border-ink-3 "
    "placeholder:text-ink-3"
)


FILTER = (
    "h-8 max-md:h-11 px-2 rounded-6 border border-line-strong bg-surface text-13 text-ink-2 hover:border-ink-3 max-w-56"
)


def field_error(error_id: str, message: Any) -> rx.Component:
    """Return the place of a field's error; it is announced when it appears."""
    return rx.el.p(message, id=error_id, role="alert", class_name="text-12 text-loss font-strong empty:hidden mt-1")


def text_field(
    label: Any, name: str, error: Any = "", hint: Any = None, *, is_number: bool = False, **props: Any
) -> rx.Component:
    """Return a labelled text input whose error is tied to it; a number has its digits in columns and such a keyboard."""
    error_id = f"{name}-error"
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="block text-13 font-strong mb-1"),
        rx.el.input(
            id=name,
            name=name,
            class_name=f"{INPUT} num" if is_number else INPUT,
            custom_attrs={"aria-describedby": error_id, "aria-invalid": _invalid(error)},
            **({"input_mode": "decimal"} if is_number else {}),
            **props,
        ),
        rx.el.p(hint, class_name="text-12 text-ink-3 mt-1") if hint is not None else None,
        field_error(error_id, error),
    )


def checkbox(label: Any, name: str, **props: Any) -> rx.Component:
    """Return a labelled checkbox with a finger-sized target."""
    return rx.el.label(
        rx.el.input(type="checkbox", id=name, name=name, class_name="size-4 accent-(--color-accent-fill)", **props),
        rx.el.span(label),
        class_name="inline-flex items-center gap-2 min-h-9 max-md:min-h-11 text-14",
    )


def _invalid(error: Any) -> Any:
    return rx.cond(error != "", "true", "false") if isinstance(error, rx.Var) else "false"
