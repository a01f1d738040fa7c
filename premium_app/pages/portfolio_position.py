"""Portfolio → one position: parts, price range, health, history, and how it did against holding."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.address_chip import address_chip
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.button import link_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton
from state.portfolio_position_state import PortfolioPositionState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioPositionState

_TILES = "grid gap-3 grid-cols-2 lg:grid-cols-4"
_COLUMNS = "grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)] items-start"
_PARTS = (
    Column(t("positions.token")),
    Column(t("positions.role")),
    Column(t("portfolio.amount"), end=True),
    Column(t("portfolio.price"), end=True, hide="md"),
    Column(t("portfolio.value"), end=True),
)
_MOVES = (
    Column(t("positions.when")),
    Column(t("positions.what")),
    Column(t("positions.amounts"), end=True),
    Column(t("portfolio.value"), end=True),
    Column(t("positions.transaction"), hide="md"),
)


def portfolio_position_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "positions",
        page_states(page, rx.cond(page.found, _position(), _gone()), _waiting()),
        shell_state=ShellState,
        action=link_button(t("positions.back"), "/portfolio/positions/", icon_name="arrow-left"),
    )


def _position() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.h2(page.name, class_name="text-20 font-strong break-words"),
            rx.cond(page.state != "", toned_badge(page.state, page.tone)),
            rx.el.span(t("positions.as_of"), " ", relative_time(page.taken_at), class_name="text-13 text-ink-2"),
            class_name="flex flex-wrap items-center gap-3",
        ),
        rx.cond(page.problem != "", rx.el.p(page.problem, class_name="text-13 text-warn")),
        rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
        rx.cond(page.history_problem != "", rx.el.p(page.history_problem, class_name="text-13 text-ink-2")),
        rx.el.div(
            rx.el.div(
                rx.cond(page.bar.shown, _range()),
                card(
                    t("positions.parts"),
                    data_table(t("positions.parts"), _PARTS, rx.foreach(page.parts, _part)),
                    note=t("positions.parts_note"),
                ),
                _history(),
                class_name="flex flex-col gap-4 min-w-0",
            ),
            _facts(),
            class_name=_COLUMNS,
        ),
    )


def _range() -> rx.Component:
    """The range as a bar with the price on it; its words say the same."""
    bar = page.bar
    return card(
        t("positions.range"),
        rx.el.div(
            rx.el.div(
                rx.el.div(class_name="range-inside", style={"left": bar.start, "width": bar.width}),
                rx.cond(bar.has_price, rx.el.div(class_name="range-price", style={"left": bar.at})),
                role="img",
                aria_label=bar.summary,
                class_name="range-bar",
            ),
            rx.el.dl(
                _end(t("positions.from"), bar.lower),
                _end(t("positions.price_now"), bar.price),
                _end(t("positions.to"), bar.upper),
                class_name="m-0 grid grid-cols-3 gap-4 text-13 [&>:nth-child(2)]:text-center [&>:last-child]:text-right",
            ),
            class_name="flex flex-col gap-4 p-4",
        ),
        action=rx.cond(bar.state != "", toned_badge(bar.state, bar.tone)),
        note=bar.unit,
    )


def _end(label: str, value: Any) -> rx.Component:
    return rx.el.div(
        rx.el.dt(label, class_name="text-12 text-ink-3"), rx.el.dd(value, class_name="m-0 num font-strong")
    )


def _part(item: Any) -> rx.Component:
    return row(
        cell(item.symbol, class_name="font-strong min-w-20"),
        cell(item.role, class_name="text-ink-2 whitespace-nowrap"),
        cell(rx.el.span(item.amount, title=item.exact), end=True),
        cell(
            item.price,
            rx.cond(
                item.source != "",
                rx.el.span(item.source, " · ", relative_time(item.price_at), class_name="block text-12 text-ink-3"),
            ),
            end=True,
            hide="md",
        ),
        cell(item.value, end=True, class_name="font-strong"),
        key=item.key,
    )


def _history() -> rx.Component:
    return card(
        t("positions.history"),
        rx.cond(
            page.moves.length() > 0,
            data_table(t("positions.history"), _MOVES, rx.foreach(page.moves, _move)),
            empty_state("history", t("positions.history_none"), page.history_problem),
        ),
        note=t("positions.history_note"),
    )


def _move(item: Any) -> rx.Component:
    return row(
        cell(relative_time(item.at)),
        cell(item.what),
        cell(item.amounts, end=True),
        cell(item.value, end=True),
        cell(address_chip(item.tx_short, item.tx, item.tx_url), hide="md"),
        key=item.key,
    )


def _facts() -> rx.Component:
    return card(
        t("positions.facts"),
        rx.el.dl(
            rx.foreach(
                page.facts,
                lambda fact: rx.el.div(
                    rx.el.dt(fact.label, class_name="text-13 text-ink-2"),
                    rx.el.dd(
                        fact.value,
                        rx.cond(fact.at != "", rx.fragment(" · ", relative_time(fact.at))),
                        class_name="m-0 text-13 num text-right break-all",
                    ),
                    key=fact.label,
                    class_name="flex items-baseline justify-between gap-4 px-4 py-2 border-b border-line last:border-0",
                ),
            ),
            class_name="m-0",
        ),
    )


def _gone() -> rx.Component:
    return card(
        t("positions.one"),
        empty_state(
            "search-x",
            t("positions.gone_title"),
            t("positions.gone_text"),
            link_button(t("positions.back"), "/portfolio/positions/"),
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        skeleton("h-7 w-56"),
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(7)], class_name=_TILES),
        skeleton("h-[320px] w-full"),
    )
