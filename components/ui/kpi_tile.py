"""One number that matters: label, value, change, line, and where it is from."""

from typing import Any

import reflex as rx

from components.ui.browser import flash
from components.ui.change import change
from components.ui.provenance import provenance
from components.ui.skeleton import skeleton
from components.ui.sparkline import sparkline

_TILE = "border border-line rounded-8 bg-surface px-4 pt-3 pb-3.5 min-w-0 flex flex-col "
_TALL, _SHORT = _TILE + "h-[148px]", _TILE + "h-[92px]"


def kpi_tile(tile: Any, is_tall: bool = True) -> rx.Component:
    """Return the tile of a `KpiTile` view model, with room for a line if tall; it keeps its size whatever it shows."""
    return rx.el.article(
        rx.el.div(
            rx.el.h3(tile.label, class_name="text-13 font-normal text-ink-2 truncate"),
            provenance(tile.key, tile.source, tile.as_of, align_right=True),
            class_name="flex items-center justify-between gap-2",
        ),
        rx.el.p(
            flash(tile.value, "kpi-value num font-strong tracking-tight"),
            title=tile.value,
            style={"--digits": tile.value.length()},
            class_name="kpi-line mt-0.5 h-7 truncate leading-7",
        ),
        rx.el.div(
            rx.cond(tile.change != "", change(tile.change, tile.direction)),
            rx.el.span(tile.note, class_name="text-12 text-ink-3 truncate"),
            class_name="flex items-center gap-1.5 h-4 mt-0.5 min-w-0",
        ),
        rx.el.div(
            rx.cond(tile.path != "", sparkline(tile.path, tile.direction, tile.path_label)), class_name="mt-auto h-8"
        )
        if is_tall
        else None,
        class_name=_TALL if is_tall else _SHORT,
        key=tile.key,
    )


def kpi_skeleton(is_tall: bool = True) -> rx.Component:
    """Return a grey tile of the final size."""
    return rx.el.div(
        skeleton("h-4 w-1/3"),
        skeleton("h-5 w-1/2 mt-2.5"),
        skeleton("h-3 w-1/4 mt-2"),
        skeleton("h-6 w-full mt-auto") if is_tall else None,
        class_name=_TALL if is_tall else _SHORT,
    )


def kpi_grid(*children: Any) -> rx.Component:
    """Return the grid that tiles stand in."""
    return rx.el.div(
        *children, class_name="grid gap-3 grid-cols-[repeat(auto-fill,minmax(176px,1fr))] max-md:grid-cols-2"
    )


def kpi_four(*children: Any) -> rx.Component:
    """Return the row that four short tiles share."""
    return rx.el.div(*children, class_name="grid gap-3 grid-cols-4 max-md:grid-cols-2")


def kpi_row(*children: Any) -> rx.Component:
    """Return the row that three short tiles share."""
    return rx.el.div(
        *children, class_name="grid gap-3 grid-cols-3 max-md:grid-cols-2 max-md:[&>:last-child]:col-span-2"
    )
