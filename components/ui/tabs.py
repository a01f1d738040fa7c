"""Tabs that are addresses: each is a link, the current one says so."""

from typing import Any

import reflex as rx

from components.ui.browser import TabBar
from components.ui.link import link

_TAB = "inline-flex items-center gap-2 shrink-0 whitespace-nowrap h-10 max-md:h-11 px-1 -mb-px border-b-2 text-14 font-strong "


def tabs(label: str, items: list[tuple[str, Any, Any]], current: Any) -> rx.Component:
    """Return tabs from (key, text, address) and the key of the current one."""
    return TabBar.create(
        *[
            link(
                text,
                to=to,
                class_name=rx.cond(
                    current == key,
                    _TAB + "border-accent text-ink",
                    _TAB + "border-transparent text-ink-2 hover:text-ink",
                ),
                custom_attrs={"aria-current": rx.cond(current == key, "page", "false")},
            )
            for key, text, to in items
        ],
        current=current,
        custom_attrs={"aria-label": label},
        class_name="tab-bar flex gap-5 border-b border-line overflow-x-auto",
    )
