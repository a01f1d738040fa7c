"""Portfolio → Activity: what came to the wallets and left them, with block, fee and worth, and what is not known."""

from typing import Any

import reflex as rx

from backend.portfolio.activity.service import Kind
from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.tables.ledger_list import ledger_list
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.filter_chips import filter_chip
from components.ui.filter_fields import filter_date, filter_options, filter_select
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from state.portfolio_activity_state import ADDRESS, WINDOW, PortfolioActivityState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioActivityState


def portfolio_activity_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "activity",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(page.limit_message == "", rx.fragment(_filters(), _table(), _coverage())),
        ),
        shell_state=ShellState,
    )


def _filters() -> rx.Component:
    kinds: list[rx.Component] = [rx.el.option(t(f"ledger.kind_{kind.value}"), value=kind.value) for kind in Kind]
    return rx.el.div(
        filter_select(
            t("ledger.any_wallet"),
            filter_options(page.wallet_options),
            page.filter_wallet,
            page.change_filter("wallet"),
        ),
        filter_select(
            t("ledger.any_chain"), filter_options(page.chain_options), page.filter_chain, page.change_filter("chain")
        ),
        filter_select(t("ledger.any_kind"), kinds, page.filter_kind, page.change_filter("kind")),
        filter_select(
            t("ledger.any_protocol"),
            filter_options(page.protocol_options),
            page.filter_protocol,
            page.change_filter("protocol"),
        ),
        filter_date(t("ledger.from"), page.filter_from, page.change_filter("from")),
        filter_date(t("ledger.to"), page.filter_to, page.change_filter("to")),
        rx.foreach(page.chips, lambda chip: filter_chip(chip.text, chip.href, chip.active)),
        rx.cond(page.is_filtered, link_button(t("ledger.clear"), ADDRESS, "ghost")),
        role="group",
        aria_label=t("ledger.filters"),
        class_name="flex flex-wrap items-center gap-2 min-h-9",
    )


def _table() -> rx.Component:
    return card(
        t("ledger.title"),
        rx.cond(
            page.loaded,
            rx.cond(page.total > 0, ledger_list(page, WINDOW), _nothing()),
            rx.el.div(skeleton_rows(12), class_name="min-h-[360px]"),
        ),
        action=rx.el.div(
            rx.cond(page.news != "", button(page.news, icon_name="rotate-cw", on_click=page.load)), role="status"
        ),
        note=page.note,
    )


def _nothing() -> rx.Component:
    return rx.cond(
        page.is_filtered,
        empty_state(
            "filter-x",
            t("ledger.no_match"),
            t("ledger.no_match_text"),
            link_button(t("ledger.clear"), ADDRESS),
        ),
        rx.cond(
            page.has_wallets,
            rx.cond(
                page.is_reading,
                empty_state("hourglass", t("ledger.reading_title"), t("ledger.reading_text")),
                empty_state("history", t("ledger.none_title"), t("ledger.none_text")),
            ),
            empty_state(
                "wallet",
                t("portfolio.none_title"),
                t("ledger.no_wallets_text"),
                link_button(t("portfolio.add_wallet"), "/portfolio/wallets/", icon_name="plus"),
            ),
        ),
    )


def _coverage() -> rx.Component:
    """What of the wallets' histories is known, and what is not."""
    return card(
        t("ledger.coverage"),
        rx.el.ul(
            rx.foreach(
                page.coverage,
                lambda item: rx.el.li(
                    rx.el.p(
                        rx.el.span(item.name, class_name="font-strong"),
                        rx.el.span(item.chain, class_name="text-ink-2"),
                        rx.cond(item.state == "failing", toned_badge(t("ledger.incomplete"), item.tone)),
                        class_name="flex flex-wrap items-center gap-2 text-13",
                    ),
                    rx.el.p(
                        item.text,
                        rx.cond(item.at != "", rx.fragment(" · ", relative_time(item.at))),
                        class_name="num text-13 text-ink-2",
                    ),
                    rx.foreach(item.notes, lambda note: rx.el.p(note, class_name="text-12 text-ink-3")),
                    key=item.key,
                    class_name="px-4 py-2.5 border-b border-line last:border-0",
                ),
            ),
            aria_label=t("ledger.coverage"),
            class_name="m-0 p-0 list-none max-h-80 overflow-y-auto empty:hidden",
            tab_index=0,
        ),
        rx.el.p(t("ledger.hidden_note"), class_name="px-4 py-2.5 text-12 text-ink-3"),
        note=page.coverage_line,
    )
