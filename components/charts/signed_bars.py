"""Bars around a zero line: months side by side, and parts of a whole below each other. Each has its table."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from components.i18n import t

_LEGEND = "flex flex-wrap gap-4 text-12 text-ink-2 list-none m-0 p-0"
_HALF = "flex gap-px justify-center w-full h-20 px-1"
_BAR = "w-full max-w-4"


def month_bars(bars: Any, caption: str, summary: Any, scale: Any, legend: Sequence[tuple[str, str]]) -> rx.Component:
    """Return `MonthBar` view models as columns, what is above zero up and what is below it down.

    `scale` is what a whole half stands for, `legend` is of (colour class, word). The numbers are on hover, and in the
    table below.
    """
    return rx.el.div(
        rx.el.ul(
            *[
                rx.el.li(
                    rx.el.span(class_name=f"size-2.5 rounded-4 {color}"),
                    word,
                    class_name="inline-flex items-center gap-1.5",
                )
                for color, word in legend
            ],
            class_name=_LEGEND,
        ),
        rx.el.div(
            rx.el.div(
                rx.el.span("+", scale),
                rx.el.span("0"),
                rx.el.span("\u2212", scale),
                class_name="flex flex-col justify-between shrink-0 h-44 -my-2 pr-2 text-12 text-ink-3 num text-right",
            ),
            rx.foreach(
                bars,
                lambda bar: rx.el.div(
                    rx.el.div(
                        rx.el.div(class_name=f"{_BAR} bg-gain rounded-t-4", style={"height": bar.gain_height}),
                        rx.el.div(class_name=f"{_BAR} bg-accent-fill rounded-t-4", style={"height": bar.income_height}),
                        class_name=f"{_HALF} items-end border-y border-t-line border-b-line-strong",
                    ),
                    rx.el.div(
                        rx.el.div(class_name=f"{_BAR} bg-loss rounded-b-4", style={"height": bar.loss_height}),
                        rx.el.div(class_name=_BAR),
                        class_name=f"{_HALF} items-start border-b border-line",
                    ),
                    rx.el.span(bar.label, class_name="max-md:hidden text-12 text-ink-3 mt-1"),
                    rx.el.span(bar.initial, class_name="md:hidden text-12 text-ink-3 mt-1"),
                    title=bar.title,
                    key=bar.key,
                    class_name="flex flex-col items-center flex-1 min-w-0",
                ),
            ),
            role="img",
            aria_label=summary,
            class_name="flex items-start mt-3",
        ),
        as_table(
            caption,
            (t("tax_home.month"), t("tax_home.gain"), t("tax_home.income")),
            rx.foreach(
                bars,
                lambda bar: rx.el.tr(rx.el.td(bar.name), rx.el.td(bar.gain), rx.el.td(bar.income), key=bar.key),
            ),
        ),
        class_name="flex flex-col gap-3 p-4",
    )


def part_bars(rows: Any) -> rx.Component:
    """Return `PartBar` view models as lines: losses to the left of the middle, gains to its right."""
    return rx.el.ul(
        rx.foreach(
            rows,
            lambda row: rx.el.li(
                rx.el.div(
                    rx.el.span(row.name, class_name="truncate"),
                    rx.el.span(row.note, class_name="text-12 text-ink-3 whitespace-nowrap"),
                    rx.el.span(row.gain, class_name="num font-strong ml-auto whitespace-nowrap"),
                    class_name="flex items-baseline gap-2 min-w-0",
                ),
                rx.el.div(
                    rx.el.div(
                        rx.el.div(class_name="h-1.5 rounded-l-full bg-loss ml-auto", style={"width": row.loss_width}),
                        class_name="flex-1",
                    ),
                    rx.el.div(
                        rx.el.div(class_name="h-1.5 rounded-r-full bg-gain", style={"width": row.gain_width}),
                        class_name="flex-1 border-l border-line-strong",
                    ),
                    class_name="flex h-1.5 mt-1.5",
                    custom_attrs={"aria-hidden": True},
                ),
                key=row.key,
                class_name="px-4 py-2.5 border-b border-line last:border-0 text-13",
            ),
        ),
        class_name="m-0 p-0 list-none",
    )


def as_table(caption: str, heads: Sequence[str], body: Any) -> rx.Component:
    """Return the numbers of a chart as a table that opens."""
    return rx.el.details(
        rx.el.summary(
            t("analytics.table"),
            class_name="text-12 font-strong text-ink-2 inline-flex items-center h-8 max-md:h-11",
        ),
        rx.el.div(
            rx.el.table(
                rx.el.caption(caption, class_name="sr-only"),
                rx.el.thead(rx.el.tr(*[rx.el.th(head, scope="col") for head in heads])),
                rx.el.tbody(body),
            ),
            tab_index=0,
            role="region",
            aria_label=caption,
            class_name="bar-rows",
        ),
    )
