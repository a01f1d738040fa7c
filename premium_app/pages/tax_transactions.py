"""Tax → Transactions: everything that counts, from wallets, files and by hand, and what is said of each."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.tax_tabs import tax_frame
from components.tables.tax_list import tax_list
from components.ui.browser import relative_time
from components.ui.button import button, button_class, link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.filter_chips import filter_chip
from components.ui.filter_fields import filter_options, filter_select
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from premium_app.pages.tax_transaction_drawer import tax_transaction_drawer
from premium_app.pages.tax_write_drawer import tax_write_drawer
from state.shell_state import ShellState
from state.tax_transactions_state import ADDRESS, KINDS, ONLY, SOURCES, WINDOW, TaxTransactionsState

# On the class, a state's attributes are values of the page.
page: Any = TaxTransactionsState


def tax_transactions_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "transactions",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.reload),
            rx.cond(
                page.limit_message == "",
                rx.fragment(_filters(), _table(), tax_transaction_drawer(), tax_write_drawer()),
            ),
        ),
        shell_state=ShellState,
        action=rx.cond(page.limit_message == "", _actions()),
    )


def _actions() -> rx.Component:
    return rx.el.div(
        rx.cond(
            page.total > 0,
            document_link(
                icon("download"),
                "CSV",
                href=page.export_address,
                download=True,
                aria_label=t("tax_transactions.export"),
                title=t("tax_transactions.export"),
                class_name=button_class("secondary"),
            ),
        ),
        link_button(t("tax_write.new"), page.write_address, "primary", icon_name="plus"),
        class_name="flex flex-wrap justify-end gap-2",
    )


def _filters() -> rx.Component:
    def options(names: tuple[str, ...], prefix: str) -> list[rx.Component]:
        return [rx.el.option(t(f"{prefix}{name}"), value=name) for name in names]

    def choice(name: str, every: str, among: list[rx.Component], value: Any) -> rx.Component:
        return filter_select(t(f"tax_transactions.{every}"), among, value, page.change_filter(name))

    return rx.el.div(
        choice("year", "any_year", filter_options(page.year_options), page.filter_year),
        choice("asset", "any_asset", filter_options(page.asset_options), page.filter_asset),
        choice("kind", "any_kind", options(KINDS, "tax_kind."), page.filter_kind),
        choice("wallet", "any_wallet", filter_options(page.wallet_options), page.filter_wallet),
        choice("source", "any_source", options(SOURCES, "tax_transactions.source_"), page.filter_source),
        choice("only", "any_state", options(ONLY, "tax_transactions.only_"), page.filter_only),
        rx.foreach(page.chips, lambda chip: filter_chip(chip.text, chip.href, chip.active)),
        rx.cond(page.is_filtered, link_button(t("tax_transactions.clear"), ADDRESS, "ghost")),
        role="group",
        aria_label=t("tax_transactions.filters"),
        class_name="flex flex-wrap items-center gap-2 min-h-9",
    )


def _table() -> rx.Component:
    return card(
        t("tax_transactions.card"),
        rx.cond(page.left_out != "", rx.el.p(page.left_out, role="status", class_name="px-4 py-2.5 text-13 text-warn")),
        rx.cond(
            page.loaded,
            rx.cond(page.total > 0, tax_list(page, WINDOW), _nothing()),
            rx.el.div(skeleton_rows(12), class_name="min-h-[360px]"),
        ),
        action=rx.cond(
            page.loaded,
            rx.el.p(
                rx.cond(
                    page.is_syncing,
                    t("tax_transactions.syncing"),
                    rx.fragment(t("tax_transactions.synced"), " ", relative_time(page.synced_at)),
                ),
                class_name="text-12 text-ink-3",
            ),
        ),
        note=page.note,
    )


def _nothing() -> rx.Component:
    return rx.cond(
        page.is_filtered,
        empty_state(
            "filter-x",
            t("tax_transactions.no_match"),
            t("tax_transactions.no_match_text"),
            link_button(t("tax_transactions.clear"), ADDRESS),
        ),
        rx.cond(
            page.is_syncing,
            empty_state(
                "hourglass",
                t("tax_transactions.syncing_title"),
                t("tax_transactions.syncing_text"),
                button(t("tax_transactions.look_again"), icon_name="rotate-cw", on_click=page.reload),
            ),
            empty_state(
                "receipt-text",
                t("tax_transactions.none_title"),
                t("tax_transactions.none_text"),
                link_button(t("tax_transactions.add_wallet"), "/portfolio/wallets/", icon_name="plus"),
            ),
        ),
    )
