"""Fields that stand inside a sentence: "When [ETH] [goes above] [$4,000] …"."""

from typing import Any

import reflex as rx


def choice(name: str, label: str, options: Any, value: Any, on_change: Any, **props: Any) -> rx.Component:
    """Return a choice in the sentence: a native select as wide as its text. A Var of options has `value` and `text`."""
    if isinstance(options, rx.Var):
        inside: list[Any] = [rx.foreach(options, lambda option: rx.el.option(option.text, value=option.value))]
    else:
        inside = [rx.el.option(text, value=key) for key, text in options]
    return rx.el.select(
        *inside,
        id=name,
        name=name,
        value=value,
        on_change=on_change,
        aria_label=label,
        class_name="sentence-part",
        **props,
    )


def words(*children: Any) -> rx.Component:
    """Return the words between the fields."""
    return rx.el.span(*children, class_name="text-ink-2 mx-1.5 first:ml-0 whitespace-nowrap")
