"""Alert analytics: counts by day, week or month, by type, chain and rule; deliveries and latency."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from components.charts.bars import period_chart, ranking
from components.i18n import t
from components.layout.alerts_frame import alerts_frame
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.export_links import export_links
from components.ui.segmented_links import segmented_links
from components.ui.skeleton import skeleton, skeleton_rows
from state.alert_analytics_state import AlertAnalyticsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = AlertAnalyticsState

_CHANNELS = (
    Column(t("analytics.channel"), width="w-full"),
    Column(t("analytics.sent"), end=True),
    Column(t("analytics.dead"), end=True),
    Column(t("analytics.waiting"), end=True, hide="md"),
    Column(t("analytics.rate"), end=True),
)
_LATENCY = (
    Column(t("analytics.latency_part"), width="w-full"),
    Column(t("figures.half"), end=True),
    Column(t("figures.most"), end=True),
    Column(t("figures.sample"), end=True, hide="md"),
)
_TWO = "grid gap-4 lg:grid-cols-2 items-start"


def alerts_analytics_page() -> rx.Component:
    """Return the page."""
    return alerts_frame(
        "analytics",
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.fragment(
                _counts(),
                rx.el.div(
                    _ranked(t("analytics.top"), page.top_rules),
                    rx.el.div(
                        _ranked(t("analytics.kinds"), page.kinds),
                        _ranked(t("analytics.chains"), page.chains),
                        class_name="flex flex-col gap-4",
                    ),
                    class_name=_TWO,
                ),
                rx.el.div(_channels(), _latency(), class_name=_TWO),
            ),
        ),
        shell_state=ShellState,
    )


def _none() -> rx.Component:
    return empty_state("chart-column", t("analytics.none_title"), t("analytics.none_text"))


def _counts() -> rx.Component:
    return card(
        t("analytics.counts"),
        rx.cond(
            page.loaded,
            rx.cond(
                page.any_alert,
                period_chart(page.bars, t("analytics.counts"), page.note),
                rx.el.div(_none(), class_name="min-h-[312px] flex items-center justify-center"),
            ),
            rx.el.div(skeleton("h-[280px] w-full"), class_name="p-4"),
        ),
        action=rx.el.div(
            segmented_links(t("analytics.unit"), page.units),
            rx.cond(page.loaded, export_links(page.export_query)),
            class_name="flex flex-wrap items-center gap-2",
        ),
        note=rx.cond(page.loaded, page.note, t("state.loading")),
    )


def _ranked(title: str, rows: Any) -> rx.Component:
    return card(title, rx.cond(page.loaded, rx.cond(rows.length() > 0, ranking(rows), _none()), skeleton_rows(4)))


def _channels() -> rx.Component:
    return card(
        t("analytics.channels"),
        rx.cond(
            page.loaded,
            rx.cond(
                page.channels.length() > 0,
                _table(t("analytics.channels"), _CHANNELS, page.channels, ("name", "sent", "dead", "waiting", "rate")),
                empty_state("send", t("analytics.no_channels_title"), t("analytics.no_channels_text")),
            ),
            skeleton_rows(3),
        ),
    )


def _latency() -> rx.Component:
    return card(
        t("analytics.latency"),
        rx.cond(
            page.loaded,
            _table(t("analytics.latency"), _LATENCY, page.latency, ("name", "half", "most", "sample")),
            skeleton_rows(3),
        ),
        note=t("analytics.latency_note"),
    )


def _table(caption: str, columns: Sequence[Column], rows: Any, names: Sequence[str]) -> rx.Component:
    """Return a table whose cells are fields of the rows, in the order of the columns."""
    return data_table(
        caption,
        columns,
        rx.foreach(
            rows,
            lambda item: row(
                *[
                    cell(getattr(item, name), end=column.end, hide=column.hide)
                    for column, name in zip(columns, names, strict=True)
                ],
                key=item.name,
            ),
        ),
    )
