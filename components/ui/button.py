"""Buttons are verbs. One primary a page."""

from typing import Any, Literal

import reflex as rx

from components.ui.icon import icon
from components.ui.link import link

Kind = Literal["primary", "secondary", "ghost", "danger"]

_BASE = (
    "inline-flex items-center justify-center gap-2 h-9 max-md:h-11 px-3 rounded-6 text-14 font-strong whitespace-nowrap "
    "border transition-colors duration-100 disabled:opacity-50 disabled:cursor-not-allowed "
)
_KINDS: dict[str, str] = {
    "primary": "bg-accent-fill text-accent-ink border-transparent hover:brightness-90",
    "secondary": "bg-surface text-ink border-line-strong hover:bg-raised",
    "ghost": "bg-transparent text-ink-2 border-transparent hover:bg-raised hover:text-ink",
    "danger": "bg-loss-ground text-loss border-loss hover:underline",
}


def button_class(kind: Kind = "secondary") -> str:
    """Return the classes of a button, for what is not a `<button>`."""
    return _BASE + _KINDS[kind]


def button(
    label: Any, kind: Kind = "secondary", icon_name: str = "", class_name: str = "", **props: Any
) -> rx.Component:
    """Return a button with a label and, if named, an icon before it."""
    props.setdefault("type", "button")
    inside = [icon(icon_name)] if icon_name else []
    return rx.el.button(*inside, rx.el.span(label), class_name=f"{button_class(kind)} {class_name}".strip(), **props)


def link_button(label: Any, to: Any, kind: Kind = "secondary", icon_name: str = "", **props: Any) -> rx.Component:
    """Return a link that looks like a button."""
    inside = [icon(icon_name)] if icon_name else []
    return link(*inside, rx.el.span(label), to=to, class_name=button_class(kind), **props)


def icon_button(label: Any, icon_name: str, class_name: str = "", **props: Any) -> rx.Component:
    """Return a square button that shows an icon only; `label` is read out and shown on hover."""
    props.setdefault("type", "button")
    return rx.el.button(
        icon(icon_name),
        aria_label=label,
        title=label,
        class_name=(
            "inline-flex items-center justify-center size-8 max-md:size-11 rounded-6 text-ink-2 hover:bg-raised hover:text-ink "
            + class_name
        ).strip(),
        **props,
    )
