"""Where one is on a way of a few steps: each has a name and a number, the current one says so."""

from typing import Any

import reflex as rx

from components.ui.icon import icon

_STEP = "inline-flex items-center gap-2 text-13 whitespace-nowrap "
_DOT = "inline-flex items-center justify-center size-6 rounded-full text-12 font-strong num "


def steps(label: str, names: list[tuple[str, str]], current: Any, done: dict[str, Any]) -> rx.Component:
    """Return the steps from (key, name); `done` says of each key whether it lies behind."""
    return rx.el.ol(
        *[
            rx.el.li(
                rx.cond(
                    done[key],
                    rx.el.span(icon("check", 14), class_name=_DOT + "bg-gain-ground text-gain"),
                    rx.el.span(
                        str(place),
                        class_name=rx.cond(
                            current == key,
                            _DOT + "bg-accent-fill text-accent-ink",
                            _DOT + "bg-raised text-ink-2",
                        ),
                    ),
                ),
                rx.el.span(
                    name,
                    class_name=rx.cond(current == key, "font-strong text-ink", "text-ink-2 max-md:sr-only"),
                ),
                custom_attrs={"aria-current": rx.cond(current == key, "step", "false")},
                class_name=_STEP,
            )
            for place, (key, name) in enumerate(names, start=1)
        ],
        aria_label=label,
        class_name="flex items-center gap-x-6 gap-y-2 max-md:gap-x-3 m-0 p-0 list-none",
    )
