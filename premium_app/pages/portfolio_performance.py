"""Portfolio → Performance: returns and risk of a range, beside benchmarks, month by month, wallet by wallet."""

from typing import Any

import reflex as rx

from components.charts.lines_chart import lines_chart
from components.charts.time_chart import time_chart
from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.badge import badge
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.icon import icon
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.page_states import page_states
from components.ui.segmented_links import segmented_links
from components.ui.skeleton import skeleton
from state.performance_rows import MONTHS
from state.portfolio_performance_state import PortfolioPerformanceState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioPerformanceState

_TILES = "grid gap-3 grid-cols-2 md:grid-cols-3 xl:grid-cols-4"
_ROOM = "min-h-[332px] max-md:min-h-[304px] flex items-center justify-center"
_TONE = {"gain": "text-gain", "loss": "text-loss"}


def portfolio_performance_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "performance",
        page_states(page, _performance(), _waiting()),
        shell_state=ShellState,
        action=rx.el.div(segmented_links(t("chart.range"), page.ranges), class_name="max-w-full overflow-x-auto"),
    )


def _performance() -> rx.Component:
    return rx.fragment(
        _problems(),
        rx.el.h2(t("performance.figures"), class_name="sr-only"),
        rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
        _chart(),
        _compare(),
        _falls(),
        _months(),
        _wallets(),
    )


def _problems() -> rx.Component:
    """As of what the figures are, and what is not known, in words."""
    return rx.el.div(
        rx.el.p(page.note, class_name="text-13 text-ink-2"),
        rx.cond(
            page.problems.length() > 0,
            rx.el.ul(
                rx.foreach(
                    page.problems,
                    lambda problem: rx.el.li(
                        icon("info", 14, "text-warn mt-0.75"),
                        rx.el.p(problem, class_name="text-13 min-w-0"),
                        class_name="flex items-start gap-2",
                    ),
                ),
                aria_label=t("performance.problems"),
                class_name="m-0 p-3 list-none flex flex-col gap-1.5 border border-line-strong rounded-8 bg-warn-ground",
            ),
        ),
        class_name="flex flex-col gap-2",
    )


def _chart() -> rx.Component:
    is_value = page.chart_kind == "value"
    return card(
        rx.cond(is_value, page.value.title, page.lines.title),
        rx.cond(
            is_value,
            rx.cond(
                page.value.points.length() > 0,
                time_chart(page.value),
                _empty("chart-line", t("portfolio.chart_none"), t("portfolio.chart_none_text")),
            ),
            rx.fragment(
                rx.cond(
                    page.lines.rows.length() > 0,
                    lines_chart(page.lines),
                    _empty("chart-line", t("performance.lines_none"), t("performance.lines_none_text")),
                ),
                rx.el.ul(
                    rx.foreach(page.sources, lambda line: rx.el.li(line)),
                    class_name="m-0 px-4 py-3 list-none text-12 text-ink-3 border-t border-line",
                ),
            ),
        ),
        action=segmented_links(t("performance.chart"), page.charts),
        note=rx.cond(is_value, page.value.source, page.lines.source),
    )


def _falls() -> rx.Component:
    return card(
        page.falls.title,
        rx.cond(
            page.falls.points.length() > 0,
            time_chart(page.falls),
            empty_state("trending-down", t("performance.falls_none"), t("performance.falls_none_text")),
        ),
        note=page.falls.source,
    )


def _months() -> rx.Component:
    columns = (
        Column(t("performance.year")),
        *(Column(t(f"performance.month_{month}"), end=True) for month in MONTHS),
        Column(t("performance.year_whole"), end=True),
    )
    return card(
        t("performance.months"),
        rx.cond(
            page.years.length() > 0,
            data_table(
                t("performance.months"),
                columns,
                rx.foreach(
                    page.years,
                    lambda year: row(
                        cell(year.year, class_name="font-strong"),
                        rx.foreach(year.months, _month),
                        _month(year.whole),
                        key=year.year,
                    ),
                ),
            ),
            empty_state("calendar-days", t("performance.months_none"), t("performance.months_none_text")),
        ),
        note=t("performance.months_note"),
    )


def _month(item: Any) -> rx.Component:
    return cell(rx.el.span(item.text, title=item.title, class_name=_toned(item.tone)), end=True)


def _compare() -> rx.Component:
    columns = (
        Column(t("performance.what")),
        Column(t("performance.span")),
        Column(t("performance.made"), end=True),
        Column(t("performance.volatility"), end=True),
        Column(t("performance.drawdown"), end=True),
        Column(t("performance.beta"), end=True),
        Column(t("performance.correlation"), end=True),
    )
    return card(
        t("performance.compare"),
        data_table(t("performance.compare"), columns, rx.foreach(page.compared, _compare_row)),
        note=t("performance.compare_note"),
    )


def _compare_row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(item.name, class_name=rx.cond(item.is_ours, "font-strong", "")),
            rx.cond(item.why != "", rx.el.span(item.why, class_name="block text-12 text-ink-3 max-w-md")),
            class_name="min-w-40",
        ),
        cell(item.span, rx.el.span(item.note, class_name="block text-12 text-ink-3"), class_name="whitespace-nowrap"),
        cell(rx.el.span(item.made, class_name=_toned(item.tone)), end=True),
        cell(item.volatility, end=True),
        cell(item.drawdown, end=True),
        cell(item.beta, end=True),
        cell(item.correlation, end=True),
        key=item.key,
    )


def _wallets() -> rx.Component:
    columns = (
        Column(t("performance.wallet")),
        Column(t("performance.before"), end=True),
        Column(t("performance.after"), end=True),
        Column(t("performance.by_price"), end=True),
        Column(t("performance.by_price_pct"), end=True),
        Column(t("performance.by_amount"), end=True),
    )
    return card(
        t("performance.wallets"),
        rx.cond(
            page.wallets.length() > 0,
            data_table(t("performance.wallets"), columns, rx.foreach(page.wallets, _wallet_row)),
            empty_state("wallet", t("performance.wallets_none"), page.wallets_problem),
        ),
        note=page.wallets_note,
    )


def _wallet_row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(
                rx.el.span(item.name, class_name="font-strong break-all"),
                rx.cond(item.is_group, badge(t("performance.group"))),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.cond(item.note != "", rx.el.span(item.note, class_name="block text-12 text-ink-3")),
            class_name="min-w-36",
        ),
        cell(item.before, end=True),
        cell(item.after, end=True),
        cell(rx.el.span(item.by_price, class_name=_toned(item.tone)), end=True),
        cell(rx.el.span(item.pct, class_name=_toned(item.tone)), end=True),
        cell(item.by_amount, end=True),
        key=item.key,
    )


def _toned(tone: Any) -> Any:
    return rx.match(tone, *_TONE.items(), "")


def _empty(icon_name: str, title: str, text: str) -> rx.Component:
    return rx.el.div(empty_state(icon_name, title, text), class_name=_ROOM)


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(12)], class_name=_TILES),
        skeleton("h-[460px] w-full"),
        rx.el.div(skeleton("h-[400px] w-full"), skeleton("h-[400px] w-full"), class_name="grid gap-4 lg:grid-cols-2"),
    )
