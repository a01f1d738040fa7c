"""Overview: what the market does and what your rules saw, on one screen."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.shell import shell
from components.tables.alert_list import alert_list, alert_list_empty
from components.tables.transfer_table import transfer_table
from components.ui.button import link_button
from components.ui.card import card
from components.ui.error_panel import error_panel
from components.ui.kpi_tile import kpi_grid, kpi_row, kpi_skeleton, kpi_tile
from components.ui.link import link
from components.ui.skeleton import skeleton_rows
from state.alert_rows import kind_icons
from state.live_state import LiveState
from state.overview_state import OverviewState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
live: Any = LiveState
overview: Any = OverviewState

_MARKET_TILES_WHILE_LOADING, _ACCOUNT_TILES = 6, 3


def overview_page() -> rx.Component:
    """Return the page."""
    return shell(
        "overview", t("nav.overview"), rx.el.div(_heading(), _body(), class_name="flex flex-col gap-4"), ShellState
    )


def _heading() -> rx.Component:
    return rx.el.div(
        rx.el.p(t("overview.lead"), class_name="text-13 text-ink-2"),
        link_button(t("alerts.new"), "/alerts/new/?kind=price&back=%2F", "primary", "plus"),
        class_name="flex items-center justify-between gap-3",
    )


def _body() -> rx.Component:
    return rx.cond(
        overview.failure != "",
        error_panel(overview.failure, overview.failure_id, overview.load),
        rx.fragment(
            rx.el.h2(t("overview.numbers"), class_name="sr-only"),
            kpi_grid(
                rx.cond(
                    overview.loaded,
                    rx.foreach(overview.market_tiles, lambda tile: kpi_tile(tile)),
                    rx.fragment(*[kpi_skeleton() for _ in range(_MARKET_TILES_WHILE_LOADING)]),
                )
            ),
            kpi_row(
                rx.cond(
                    overview.loaded,
                    rx.foreach(overview.account_tiles, lambda tile: kpi_tile(tile, is_tall=False)),
                    rx.fragment(*[kpi_skeleton(is_tall=False) for _ in range(_ACCOUNT_TILES)]),
                )
            ),
            rx.el.div(_recent_alerts(), _large_transfers(), class_name="grid gap-3 xl:grid-cols-2 items-start"),
        ),
    )


def _recent_alerts() -> rx.Component:
    return card(
        t("overview.recent_alerts"),
        rx.cond(
            live.loaded,
            rx.cond(
                live.feed.length() > 0,
                alert_list(live.feed[:8], kind_icons(), with_transaction=False),
                alert_list_empty("/"),
            ),
            skeleton_rows(6),
        ),
        action=link(t("overview.all_alerts"), to="/alerts/history/", class_name="text-13 text-accent hover:underline"),
        note=t("overview.recent_alerts_note"),
    )


def _large_transfers() -> rx.Component:
    return card(
        t("overview.transfers"),
        rx.cond(overview.loaded, transfer_table(overview.transfers), skeleton_rows(6)),
        note=t("overview.transfers_note"),
    )
