"""Tables: sticky head, hairlines, figures aligned right; they scroll inside themselves on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx


@dataclass(frozen=True)
class Column:
    """A column's heading; `end` aligns it right, `hide` drops it below a width (md or lg)."""

    title: str
    end: bool = False
    hide: str = ""
    width: str = ""
    screen_reader_only: bool = False


_HIDE = {"": "", "md": " max-md:hidden", "lg": " max-lg:hidden"}


def cell(*children: Any, end: bool = False, hide: str = "", class_name: str = "") -> rx.Component:
    """Return a cell; `end` and `hide` as in its column."""
    align = "text-right num" if end else ""
    return rx.el.td(*children, class_name=f"px-4 py-1.5 align-middle {align}{_HIDE[hide]} {class_name}".rstrip())


def data_table(caption: str, columns: Sequence[Column], body: Any, **props: Any) -> rx.Component:
    """Return a table whose caption is read out; `body` gives `tr` rows."""
    heads = [
        rx.el.th(
            rx.el.span(column.title, class_name="sr-only") if column.screen_reader_only else column.title,
            scope="col",
            class_name=(
                f"px-4 h-9 text-12 font-strong text-ink-3 whitespace-nowrap bg-surface sticky top-0 z-1 border-b border-line "
                f"{'text-right' if column.end else 'text-left'}{_HIDE[column.hide]} {column.width}"
            ).rstrip(),
        )
        for column in columns
    ]
    return rx.el.div(
        rx.el.table(
            rx.el.caption(caption, class_name="sr-only"),
            rx.el.thead(rx.el.tr(*heads)),
            rx.el.tbody(body, class_name="text-13"),
            class_name="w-full border-collapse",
        ),
        tab_index=0,
        role="region",
        aria_label=caption,
        class_name="overflow-x-auto focus-visible:-outline-offset-2",
        **props,
    )


def row(*cells: Any, **props: Any) -> rx.Component:
    """Return a table row of the standard height."""
    return rx.el.tr(*cells, class_name="h-(--row) border-b border-line last:border-0 hover:bg-raised appear", **props)
