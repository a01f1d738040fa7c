"""Portfolio → NFTs: pieces by collection with the floor price, those without one apart, spam with its reasons."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.tables.nft_table import collection_list, nft_table
from components.ui.browser import relative_time
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton_rows
from state.portfolio_nfts_state import PortfolioNftsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioNftsState

_TILES = "grid gap-3 grid-cols-2 lg:grid-cols-3 max-lg:[&>:first-child]:col-span-2"


def portfolio_nfts_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "nfts",
        page_states(page, _nfts(), _waiting()),
        shell_state=ShellState,
    )


def _nfts() -> rx.Component:
    return rx.fragment(
        rx.cond(
            page.tiles.length() > 0,
            rx.fragment(
                rx.el.p(t("portfolio.as_of"), " ", relative_time(page.taken_at), class_name="text-13 text-ink-2"),
                rx.el.h2(t("portfolio.figures"), class_name="sr-only"),
                rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
            ),
        ),
        rx.cond((page.counted.length() > 0) | (page.apart.length() == 0), _counted()),
        rx.cond(page.apart.length() > 0, _apart()),
        rx.cond(page.spam.length() > 0, _judged(t("nfts.spam"), page.spam, t("nfts.spam_note"))),
        rx.cond(page.kept.length() > 0, _judged(t("nfts.kept"), page.kept, t("nfts.kept_note"))),
        rx.el.p(t("nfts.no_pictures"), class_name="text-12 text-ink-3"),
    )


def _counted() -> rx.Component:
    return card(
        t("nfts.with_floor"),
        rx.cond(page.counted.length() > 0, nft_table(page.counted, t("nfts.with_floor"), page.hide), _nothing()),
        note=t("nfts.floor_note"),
    )


def _apart() -> rx.Component:
    """Pieces of collections that nobody names a price of."""
    return card(
        t("nfts.without_floor"),
        nft_table(page.apart, t("nfts.without_floor"), page.hide, has_floor=False),
        note=rx.cond(page.has_source, t("nfts.without_floor_note"), t("nfts.no_source")),
    )


def _nothing() -> rx.Component:
    return rx.cond(
        page.has_snapshot,
        empty_state("image", t("nfts.none_title"), t("nfts.none_text")),
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


def _judged(title: Any, rows: Any, note: Any) -> rx.Component:
    return card(
        title,
        collection_list(
            rows,
            title,
            lambda item: rx.cond(
                item.by_user,
                button(t("portfolio.undo"), icon_name="undo-2", on_click=page.undo(item.chain_id, item.collection)),
                rx.cond(
                    item.can_show,
                    button(t("nfts.show"), icon_name="eye", on_click=page.show(item.chain_id, item.collection)),
                ),
            ),
        ),
        note=note,
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(3)], class_name=_TILES),
        card(t("nfts.with_floor"), skeleton_rows(4)),
    )
