"""One asset of the portfolio: value, cost and gains, its price with what was bought and sold, wallets, lots, events."""

from typing import Any

import reflex as rx

from components.charts.chart_card import chart_card
from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.address_chip import address_chip
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.icon import icon
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.link import external_link, link
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton, skeleton_rows
from state.portfolio_asset_state import PortfolioAssetState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioAssetState

_TILES = "grid gap-3 grid-cols-2 lg:grid-cols-3 xl:grid-cols-6"
_HELD = (
    Column(t("portfolio.wallet")),
    Column(t("portfolio.protocol"), hide="md"),
    Column(t("portfolio.amount"), end=True),
    Column(t("portfolio.value"), end=True),
    Column(t("portfolio.block_label"), hide="md"),
    Column(t("portfolio.price_source"), hide="lg"),
)
_LOTS = (
    Column(t("asset.acquired")),
    Column(t("asset.origin"), hide="md"),
    Column(t("portfolio.amount"), end=True),
    Column(t("asset.unit_cost"), end=True, hide="lg"),
    Column(t("asset.cost"), end=True),
    Column(t("portfolio.value"), end=True, hide="md"),
    Column(t("asset.gain"), end=True),
    Column(t("asset.held"), end=True, hide="lg"),
)
_MOVES = (
    Column(t("asset.when")),
    Column(t("asset.kind")),
    Column(t("portfolio.amount"), end=True),
    Column(t("asset.value_then"), end=True, hide="md"),
    Column(t("portfolio.wallet"), hide="lg"),
    Column(t("asset.transaction"), hide="md"),
)


def portfolio_asset_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "overview",
        page_states(page, rx.cond(page.missing, _missing(), _asset()), _waiting()),
        shell_state=ShellState,
    )


def _asset() -> rx.Component:
    return rx.fragment(
        _head(),
        rx.cond(
            page.is_counted,
            rx.fragment(
                rx.el.h3(t("portfolio.figures"), class_name="sr-only"),
                rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
                rx.cond(page.notes.length() > 0, _notes()),
            ),
            card(t("asset.profit"), empty_state("hourglass", t("asset.uncounted"), t("asset.uncounted_text"))),
        ),
        chart_card(page, t("asset.chart_none"), t("asset.chart_none_text")),
        _held(),
        _lots(),
        _moves(),
    )


def _head() -> rx.Component:
    return rx.el.div(
        link(
            icon("arrow-left", 14),
            t("nav.portfolio"),
            to="/portfolio/",
            class_name="inline-flex items-center gap-1 text-13 text-ink-2 hover:text-ink",
        ),
        rx.el.div(
            rx.el.h2(page.symbol, class_name="text-20 font-strong tracking-tight break-words"),
            badge(page.chain),
            rx.cond(page.token != "", address_chip(page.token_short, page.token, page.token_url)),
            rx.el.span(
                rx.cond(page.taken_at != "", rx.fragment(t("portfolio.as_of"), " ", relative_time(page.taken_at))),
                class_name="text-13 text-ink-2",
            ),
            class_name="flex flex-wrap items-center gap-2 mt-1",
        ),
    )


def _notes() -> rx.Component:
    """What of the figures is not known, and why."""
    return rx.el.ul(
        rx.foreach(
            page.notes,
            lambda note: rx.el.li(
                icon("info", 14, "text-warn mt-0.75"),
                rx.el.p(note, class_name="text-13 min-w-0"),
                class_name="flex items-start gap-2",
            ),
        ),
        aria_label=t("asset.notes"),
        class_name="m-0 p-3 list-none flex flex-col gap-1.5 border border-line-strong rounded-8 bg-warn-ground",
    )


def _held() -> rx.Component:
    return card(
        t("asset.held_where"),
        rx.cond(
            page.held.length() > 0,
            data_table(
                t("asset.held_where"),
                _HELD,
                rx.foreach(
                    page.held,
                    lambda each: row(
                        cell(
                            rx.el.span(each.name, title=each.wallet, class_name="block truncate max-w-48"),
                            rx.el.span(each.wallet_short, class_name="block text-12 text-ink-3 mono"),
                        ),
                        cell(each.where, hide="md"),
                        cell(rx.el.span(each.amount, title=each.exact), end=True),
                        cell(each.value, end=True, class_name="font-strong"),
                        cell(
                            rx.el.span(each.block, class_name="block num"),
                            rx.el.span(relative_time(each.read_at), class_name="block text-12 text-ink-3"),
                            hide="md",
                        ),
                        cell(
                            rx.el.span(each.price_source, title=each.price_detail, class_name="block"),
                            rx.el.span(relative_time(each.price_at), class_name="block text-12 text-ink-3"),
                            hide="lg",
                        ),
                        key=each.key,
                    ),
                ),
            ),
            empty_state("wallet", t("asset.held_none"), t("asset.held_none_text")),
        ),
        note=t("portfolio.chains_source"),
    )


def _lots() -> rx.Component:
    return card(
        t("asset.lots"),
        rx.cond(
            page.lots.length() > 0,
            data_table(
                t("asset.lots"),
                _LOTS,
                rx.foreach(
                    page.lots,
                    lambda lot: row(
                        cell(
                            rx.cond(lot.at != "", relative_time(lot.at), t("asset.before")),
                            class_name="whitespace-nowrap",
                        ),
                        cell(lot.origin, hide="md"),
                        cell(rx.el.span(lot.amount, title=lot.exact), end=True),
                        cell(lot.unit_cost, end=True, hide="lg"),
                        cell(lot.cost, end=True),
                        cell(lot.value, end=True, hide="md"),
                        cell(lot.gain, end=True, class_name=_tone(lot.tone)),
                        cell(lot.held, end=True, hide="lg"),
                        key=lot.key,
                    ),
                ),
            ),
            empty_state("layers", t("asset.lots_none"), t("asset.lots_none_text")),
        ),
        note=page.lots_note,
    )


def _moves() -> rx.Component:
    return card(
        t("asset.moves"),
        rx.cond(
            page.moves.length() > 0,
            data_table(
                t("asset.moves"),
                _MOVES,
                rx.foreach(
                    page.moves,
                    lambda move: row(
                        cell(relative_time(move.at), class_name="whitespace-nowrap text-ink-2"),
                        cell(
                            rx.el.span(move.kind, class_name="block"),
                            rx.cond(
                                move.protocol != "",
                                rx.el.span(move.protocol, class_name="block text-12 text-ink-3"),
                            ),
                        ),
                        cell(rx.el.span(move.amount, title=move.exact, class_name="whitespace-nowrap"), end=True),
                        cell(move.value, end=True, hide="md"),
                        cell(move.wallet, hide="lg"),
                        cell(
                            rx.cond(
                                move.tx_url != "",
                                external_link(
                                    move.tx_short,
                                    href=move.tx_url,
                                    class_name="mono text-ink-2 hover:text-ink hover:underline",
                                ),
                                rx.el.span(move.tx_short, title=move.tx, class_name="mono text-ink-2"),
                            ),
                            hide="md",
                        ),
                        key=move.key,
                    ),
                ),
            ),
            empty_state("arrow-left-right", t("asset.moves_none"), t("asset.moves_none_text")),
        ),
        note=page.moves_note,
    )


def _tone(tone: Any) -> Any:
    return rx.match(tone, ("gain", "text-gain whitespace-nowrap"), ("loss", "text-loss whitespace-nowrap"), "")


def _missing() -> rx.Component:
    return card(
        t("asset.missing"),
        empty_state("search-x", t("asset.missing"), t("asset.missing_text")),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.span(t("state.loading"), class_name="sr-only"),
        skeleton("h-14 w-1/3"),
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(6)], class_name=_TILES),
        skeleton("h-[420px] w-full"),
        card(t("asset.held_where"), skeleton_rows(3)),
        card(t("asset.lots"), skeleton_rows(4)),
    )
