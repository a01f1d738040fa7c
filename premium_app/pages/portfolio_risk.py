"""Portfolio → Risk: concentration, debts, where the value really is, and how alike the largest assets move."""

from typing import Any

import reflex as rx

from components.charts.bars import ranking
from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.browser import relative_time
from components.ui.button import link_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton
from state.portfolio_risk_state import PortfolioRiskState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioRiskState

_TILES = "grid gap-3 grid-cols-2 md:grid-cols-3 xl:grid-cols-6"
_COLUMNS = (
    Column(t("risk.asset")),
    Column(t("risk.in_wallets"), end=True),
    Column(t("risk.in_positions"), end=True),
    Column(t("risk.owed"), end=True),
    Column(t("risk.net"), end=True),
    Column(t("risk.share"), end=True),
)
_SHADES = {"1": "heat-1", "2": "heat-2", "3": "heat-3"}


def portfolio_risk_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "risk",
        page_states(page, rx.cond(page.has_snapshot, _risk(), _nothing()), _waiting()),
        shell_state=ShellState,
    )


def _risk() -> rx.Component:
    return rx.fragment(
        rx.el.p(t("risk.as_of"), " ", relative_time(page.taken_at), class_name="text-13 text-ink-2"),
        rx.el.h2(t("risk.figures"), class_name="sr-only"),
        rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
        card(
            t("risk.exposures"),
            data_table(t("risk.exposures"), _COLUMNS, rx.foreach(page.exposures, _exposure)),
            note=page.exposures_note,
        ),
        rx.el.div(
            card(
                t("risk.correlation"),
                rx.cond(
                    page.has_correlations,
                    _matrix(),
                    empty_state("grid-3x3", t("risk.correlation_none"), t("risk.correlation_none_text")),
                ),
                note=page.correlations_note,
            ),
            card(t("portfolio.by_protocol"), ranking(page.by_protocol)),
            class_name="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)] items-start",
        ),
    )


def _exposure(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(item.symbol, class_name="font-strong break-all"),
            rx.el.span(item.chain, class_name="block text-12 text-ink-3"),
            class_name="min-w-32",
        ),
        cell(item.in_wallets, end=True),
        cell(item.in_positions, end=True),
        cell(item.owed, end=True),
        cell(item.net, end=True, class_name="font-strong"),
        cell(
            item.share,
            rx.el.div(
                rx.el.div(class_name="h-1 rounded-full bg-accent-fill", style={"width": item.bar}),
                class_name="h-1 mt-1 rounded-full bg-raised min-w-16",
                custom_attrs={"aria-hidden": True},
            ),
            end=True,
        ),
        key=item.key,
    )


def _matrix() -> rx.Component:
    """A square of coefficients; the ground of each says how large it is, its sign which way."""
    head = "px-3 h-9 text-12 font-strong text-ink-3 whitespace-nowrap"
    return rx.el.div(
        rx.el.table(
            rx.el.caption(t("risk.correlation"), class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.td(class_name=head),
                    rx.foreach(page.labels, lambda label: rx.el.th(label, scope="col", class_name=head)),
                )
            ),
            rx.el.tbody(
                rx.foreach(
                    page.correlations,
                    lambda each: rx.el.tr(
                        rx.el.th(each.label, scope="row", class_name=f"{head} text-left"),
                        rx.foreach(
                            each.cells,
                            lambda one: rx.el.td(
                                one.text,
                                title=one.title,
                                class_name=rx.match(
                                    one.shade,
                                    *[(shade, f"px-3 h-9 text-center num {css}") for shade, css in _SHADES.items()],
                                    "px-3 h-9 text-center num",
                                ),
                            ),
                        ),
                        key=each.label,
                    ),
                ),
                class_name="text-13",
            ),
            class_name="border-collapse",
        ),
        tab_index=0,
        role="region",
        aria_label=t("risk.correlation"),
        class_name="overflow-x-auto p-4 focus-visible:-outline-offset-2",
    )


def _nothing() -> rx.Component:
    return card(
        t("risk.title"),
        empty_state(
            "wallet",
            t("risk.none_title"),
            t("risk.none_text"),
            link_button(t("portfolio.add_wallet"), "/portfolio/wallets/", icon_name="plus"),
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(6)], class_name=_TILES),
        skeleton("h-[420px] w-full"),
        skeleton("h-[300px] w-full"),
    )
