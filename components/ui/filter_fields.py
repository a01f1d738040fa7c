"""The fields of a list's filter: a choice with "any" first, and a day; each changes the address at once."""

from typing import Any

import reflex as rx

from components.ui.field import FILTER


def filter_options(options: rx.Var) -> list[rx.Component]:
    """Return the choices of a list of `Option` view models."""
    return [rx.foreach(options, lambda option: rx.el.option(option.text, value=option.value))]


def filter_select(every: str, options: list[rx.Component], value: rx.Var, on_change: Any) -> rx.Component:
    """Return a choice whose first option, `every`, stands for no filter and names the field."""
    return rx.el.select(
        rx.el.option(every, value=""),
        *options,
        value=value,
        on_change=on_change,
        aria_label=every,
        class_name=FILTER,
    )


def filter_date(label: str, value: rx.Var, on_change: Any) -> rx.Component:
    """Return the field of a day with its label."""
    return rx.el.label(
        rx.el.span(label, class_name="text-13 text-ink-2"),
        rx.el.input(type="date", default_value=value, key=value, on_change=on_change, class_name=FILTER),
        class_name="inline-flex items-center gap-1.5",
    )
