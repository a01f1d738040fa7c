"""The portfolio: what all wallets are worth, in time and in parts, and every holding with block, price and source."""

from typing import Any

import reflex as rx

from components.charts.bars import ranking
from components.charts.chart_card import chart_card
from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.tables.asset_list import asset_list
from components.tables.ledger_list import ledger_brief
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.field import FILTER
from components.ui.icon import icon
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton, skeleton_rows
from premium_app.pages.portfolio_protocols import positions_card
from state.portfolio_state import MOST_SEARCH, WINDOW, PortfolioState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioState

_COLUMNS = "grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)] items-start"
_TILES = "grid gap-3 grid-cols-2 md:grid-cols-3 xl:grid-cols-6"


def portfolio_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "overview",
        page_states(page, rx.cond(page.has_snapshot, _portfolio(), _nothing()), _waiting()),
        shell_state=ShellState,
        action=_refresh(),
    )


def _refresh() -> rx.Component:
    """The one action: reading all wallets now; while that goes on it says so."""
    return rx.el.div(
        rx.el.p(
            rx.cond(page.refreshing, rx.fragment(t("portfolio.refreshing"))),
            role="status",
            class_name="text-13 text-ink-2",
        ),
        button(
            t("portfolio.refresh"),
            "primary",
            icon_name="rotate-cw",
            on_click=page.refresh_now,
            disabled=page.refreshing | ~page.has_wallets,
        ),
        class_name="flex items-center justify-end gap-3",
    )


def _portfolio() -> rx.Component:
    return rx.fragment(
        _gaps(),
        rx.el.h2(t("portfolio.figures"), class_name="sr-only"),
        rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
        rx.cond(page.profit_gaps.length() > 0, _profit_gaps()),
        rx.el.div(
            rx.el.div(
                chart_card(page, t("portfolio.chart_none"), t("portfolio.chart_none_text")),
                _chains(),
                class_name="flex flex-col gap-4 min-w-0",
            ),
            _parts("flex flex-col gap-4 min-w-0", asset=page.by_asset, wallet=page.by_wallet),
            class_name=_COLUMNS,
        ),
        _parts(
            "grid gap-4 md:grid-cols-2 xl:grid-cols-3 items-start",
            category=page.by_category,
            protocol=page.by_protocol,
            chain=page.by_chain,
        ),
        positions_card(page),
        _assets(),
        _activity(),
    )


def _activity() -> rx.Component:
    """The newest events of the wallets, and the way to all of them."""
    return card(
        t("ledger.latest"),
        rx.cond(
            page.latest.length() > 0,
            ledger_brief(page.latest),
            empty_state("history", t("ledger.none_title"), t("ledger.none_text")),
        ),
        action=link_button(t("ledger.all"), "/portfolio/activity/"),
    )


def _gaps() -> rx.Component:
    """As of when the page speaks, and what the total does not know, in words."""
    return rx.el.div(
        rx.el.p(
            toned_badge(
                rx.cond(page.is_complete, t("portfolio.complete"), t("portfolio.incomplete")),
                rx.cond(page.is_complete, "gain", "warn"),
            ),
            rx.el.span(t("portfolio.as_of"), " ", relative_time(page.taken_at)),
            class_name="flex flex-wrap items-center gap-2 text-13 text-ink-2",
        ),
        rx.cond(
            page.gaps.length() > 0,
            rx.el.ul(
                rx.foreach(
                    page.gaps,
                    lambda gap: rx.el.li(
                        icon("triangle-alert", 14, "text-warn mt-0.75"),
                        rx.el.div(
                            rx.el.p(
                                gap.text,
                                rx.cond(gap.at != "", rx.fragment(" (", relative_time(gap.at), ")")),
                                class_name="text-13",
                            ),
                            rx.cond(gap.problem != "", rx.el.p(gap.problem, class_name="text-12 text-ink-3")),
                            class_name="min-w-0",
                        ),
                        key=gap.key,
                        class_name="flex items-start gap-2",
                    ),
                ),
                aria_label=t("portfolio.gaps"),
                class_name="m-0 p-3 list-none flex flex-col gap-1.5 border border-line-strong rounded-8 bg-warn-ground",
            ),
        ),
        class_name="flex flex-col gap-2",
    )


def _profit_gaps() -> rx.Component:
    """What profit and loss do not know, in words."""
    return rx.el.ul(
        rx.foreach(page.profit_gaps, lambda gap: rx.el.li(gap)),
        aria_label=t("portfolio.profit_gaps"),
        class_name="m-0 -mt-2 p-0 list-none text-12 text-ink-3",
    )


def _chains() -> rx.Component:
    return card(
        t("portfolio.chains"),
        rx.el.ul(
            rx.foreach(
                page.chains,
                lambda chain: rx.el.li(
                    rx.el.div(
                        rx.el.p(
                            chain.name,
                            " ",
                            toned_badge(chain.state, chain.tone),
                            class_name="text-14 font-strong flex flex-wrap items-center gap-2",
                        ),
                        rx.el.p(
                            chain.block,
                            rx.cond(chain.at != "", rx.fragment(" · ", relative_time(chain.at))),
                            class_name="text-12 text-ink-3 num",
                        ),
                        rx.cond(chain.problem != "", rx.el.p(chain.problem, class_name="text-12 text-ink-2")),
                        class_name="min-w-0 flex-1",
                    ),
                    rx.el.div(
                        rx.el.p(chain.value, class_name="num text-14 font-strong"),
                        rx.el.p(chain.share, class_name="num text-12 text-ink-3"),
                        class_name="text-right",
                    ),
                    key=chain.key,
                    class_name="flex items-start gap-4 px-4 py-2.5 border-b border-line last:border-0",
                ),
            ),
            class_name="m-0 p-0 list-none",
        ),
        note=t("portfolio.chains_source"),
    )


def _parts(class_name: str, **ways: Any) -> rx.Component:
    """Return what the value is made of in several ways, each with shares that sum to 100 %."""
    return rx.el.div(
        *[
            card(
                t(f"portfolio.by_{way}"),
                rx.cond(
                    parts.length() > 0,
                    ranking(parts),
                    rx.el.p(t("portfolio.parts_none"), class_name="px-4 py-3 text-13 text-ink-2"),
                ),
            )
            for way, parts in ways.items()
        ],
        class_name=class_name,
    )


def _assets() -> rx.Component:
    return card(
        t("portfolio.assets"),
        rx.cond(
            page.total > 0,
            asset_list(page, WINDOW),
            empty_state(
                "search-x",
                rx.cond(page.search != "", t("portfolio.no_match"), t("portfolio.holds_nothing")),
                rx.cond(page.search != "", t("portfolio.no_match_text"), t("portfolio.holds_nothing_text")),
            ),
        ),
        action=rx.el.input(
            type="search",
            default_value=page.search,
            key=page.search_key.to_string(),
            on_change=page.change_search.debounce(250),
            max_length=MOST_SEARCH,
            placeholder=t("portfolio.search"),
            aria_label=t("portfolio.search"),
            class_name=FILTER,
        ),
        note=page.assets_note,
    )


def _nothing() -> rx.Component:
    """Before the first snapshot: a wallet is missing, or its first reading is under way."""
    return card(
        t("nav.portfolio"),
        rx.cond(
            page.has_wallets,
            empty_state("hourglass", t("portfolio.first_title"), t("portfolio.first_text")),
            empty_state(
                "wallet",
                t("portfolio.none_title"),
                t("portfolio.none_text"),
                link_button(t("portfolio.add_wallet"), "/portfolio/wallets/", icon_name="plus"),
            ),
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(6)], class_name=_TILES),
        rx.el.div(skeleton("h-[420px] w-full"), skeleton("h-[420px] w-full"), class_name=_COLUMNS),
        card(t("portfolio.assets"), skeleton_rows(8)),
    )
