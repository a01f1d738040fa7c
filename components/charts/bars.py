"""Bars without a library: columns over time, and lines of a ranking."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.link import link

_PARTS = (("told", "bg-accent-fill"), ("suppressed", "bg-warn"), ("withdrawn", "bg-ink-3"))


def period_chart(bars: Any, caption: str, summary: Any) -> rx.Component:
    """Return the columns of `Bar` view models with a legend, and the same as a table; they keep their height."""
    return rx.el.div(
        rx.el.ul(
            *[
                rx.el.li(
                    rx.el.span(class_name=f"size-2.5 rounded-4 {color}"),
                    t(f"figures.{part}_word"),
                    class_name="inline-flex items-center gap-1.5",
                )
                for part, color in _PARTS
            ],
            class_name="flex flex-wrap gap-4 text-12 text-ink-2",
        ),
        rx.el.div(
            rx.foreach(
                bars,
                lambda bar: rx.el.div(
                    rx.el.div(
                        rx.el.div(class_name="bg-ink-3", style={"height": bar.withdrawn_height}),
                        rx.el.div(class_name="bg-warn", style={"height": bar.suppressed_height}),
                        rx.el.div(class_name="bg-accent-fill", style={"height": bar.told_height}),
                        class_name="bar-column",
                    ),
                    rx.el.span(bar.label, class_name="bar-label"),
                    title=bar.title,
                    key=bar.start,
                    class_name="bar",
                ),
            ),
            role="img",
            aria_label=summary,
            class_name="bars",
        ),
        _as_table(bars, caption),
        class_name="flex flex-col gap-3 p-4",
    )


def _as_table(bars: Any, caption: str) -> rx.Component:
    return rx.el.details(
        rx.el.summary(
            t("analytics.table"),
            class_name="text-12 font-strong text-ink-2 inline-flex items-center h-8 max-md:h-11",
        ),
        rx.el.div(
            rx.el.table(
                rx.el.caption(caption, class_name="sr-only"),
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th(t("figures.period"), scope="col"),
                        *[rx.el.th(t(f"figures.{part}_word"), scope="col") for part, _ in _PARTS],
                    )
                ),
                rx.el.tbody(
                    rx.foreach(
                        bars,
                        lambda bar: rx.el.tr(
                            rx.el.td(bar.start),
                            rx.el.td(bar.told),
                            rx.el.td(bar.suppressed),
                            rx.el.td(bar.withdrawn),
                            key=bar.start,
                        ),
                    )
                ),
            ),
            tab_index=0,
            role="region",
            aria_label=caption,
            class_name="bar-rows",
        ),
    )


def ranking(rows: Any) -> rx.Component:
    """Return `CountRow` view models as lines, each with its share of the largest."""
    return rx.el.ul(
        rx.foreach(
            rows,
            lambda row: rx.el.li(
                rx.el.div(
                    rx.cond(
                        row.href != "",
                        link(row.name, to=row.href, class_name="truncate hover:underline underline-offset-2"),
                        rx.el.span(row.name, class_name="truncate"),
                    ),
                    rx.el.span(row.note, class_name="text-12 text-ink-3 whitespace-nowrap"),
                    rx.el.span(row.count, class_name="num font-strong ml-auto"),
                    class_name="flex items-baseline gap-2 min-w-0",
                ),
                rx.el.div(
                    rx.el.div(class_name="h-1 rounded-full bg-accent-fill", style={"width": row.share}),
                    class_name="h-1 mt-1.5 rounded-full bg-raised",
                    custom_attrs={"aria-hidden": True},
                ),
                key=row.key,
                class_name="px-4 py-2.5 border-b border-line last:border-0 text-13",
            ),
        ),
        class_name="m-0 p-0 list-none",
    )
