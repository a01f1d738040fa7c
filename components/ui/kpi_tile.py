"""One number that matters: label, value, change, line, and where it is from."""

from typing import Any

import reflex as rx

from components.ui.browser import flash
from components.ui.change import change
from components.ui.provenance import provenance
from components.ui.skeleton import skeleton
from components.ui.sparkline import sparkline

_TILE = "border border-line rounded-8 bg-surface p-4 min-w-0 h-[132px] flex flex-col"


def kpi_tile(tile: Any) -> rx.Component:
    """Return the tile of a `KpiTile` view model; it keeps its size whatever it shows."""
    return rx.el.article(
        rx.el.div(
            rx.el.h3(tile.label, class_name="text-13 font-normal text-ink-2 truncate"),
            provenance(tile.key, tile.source, tile.as_of, align_right=True),
            class_name="flex items-center justify-between gap-2",
        ),
        rx.el.p(flash(tile.value, "num text-20 font-strong tracking-tight"), class_name="mt-1 truncate"),
        rx.el.div(
            change(tile.change, tile.direction),
            rx.el.span(tile.note, class_name="text-12 text-ink-3 truncate"),
            class_name="flex items-center gap-1.5 h-4 mt-0.5",
        ),
        rx.el.div(
            rx.cond(tile.path != "", sparkline(tile.path, tile.direction, tile.path_label)), class_name="mt-auto h-8"
        ),
        class_name=_TILE,
        key=tile.key,
    )


def kpi_skeleton() -> rx.Component:
    """Return a grey tile of the final size."""
    return rx.el.div(
        skeleton("h-4 w-1/3"),
        skeleton("h-6 w-1/2 mt-3"),
        skeleton("h-3 w-1/4 mt-2"),
        skeleton("h-6 w-full mt-auto"),
        class_name=_TILE,
    )


def kpi_grid(*children: Any) -> rx.Component:
    """Return the grid that tiles stand in."""
    return rx.el.div(
        *children, class_name="grid gap-3 grid-cols-[repeat(auto-fill,minmax(200px,1fr))] max-md:grid-cols-2"
    )
