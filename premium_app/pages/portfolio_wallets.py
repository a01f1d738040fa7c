"""Portfolio → Wallets: what the portfolio consists of, added by address or name."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.address_chip import address_chip
from components.ui.badge import badge
from components.ui.browser import Modal, relative_time
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.field import field_error, text_field
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from state.portfolio_wallets_state import MAX_WORDS, PortfolioWalletsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioWalletsState

_COLUMNS = (
    Column(t("portfolio.wallet"), width="md:w-1/3"),
    Column(t("portfolio.group"), hide="md"),
    Column(t("portfolio.active_on"), hide="md"),
    Column(t("wallets.column_added"), hide="lg"),
    Column(t("wallets.column_actions"), screen_reader_only=True),
)


def portfolio_wallets_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "wallets",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.fragment(_add(), _wallets()),
        ),
        _edit(),
        confirm_dialog(
            t("portfolio.remove_title"),
            rx.fragment(rx.el.strong(page.removing_name), " ", t("portfolio.remove_text")),
            t("wallets.remove"),
            is_open=page.removing_id != "",
            on_confirm=page.remove,
            on_close=page.close,
            label_id="remove-portfolio-wallet",
        ),
        shell_state=ShellState,
    )


def _add() -> rx.Component:
    return card(
        t("portfolio.add_title"),
        rx.el.form(
            rx.el.div(
                text_field(
                    t("portfolio.address"),
                    "wallet_address",
                    page.address_error,
                    hint=rx.cond(page.reads_names, t("portfolio.address_hint"), t("portfolio.address_only")),
                    auto_complete="off",
                    spell_check=False,
                    max_length=255,
                ),
                text_field(t("portfolio.label"), "wallet_label", page.label_error, max_length=MAX_WORDS),
                text_field(t("portfolio.group"), "wallet_group", page.group_error, max_length=MAX_WORDS),
                rx.el.div(button(t("portfolio.add_wallet"), "primary", "plus", type="submit"), class_name="md:pt-6"),
                class_name="grid gap-4 md:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_auto] items-start",
            ),
            on_submit=page.add,
            key=page.form_key.to_string(),
            class_name="p-4",
        ),
        rx.cond(
            page.mine.length() > 0,
            rx.el.div(
                rx.el.span(t("portfolio.mine"), class_name="text-13 text-ink-2"),
                rx.foreach(
                    page.mine,
                    lambda option: button(option.text, icon_name="plus", on_click=page.add_mine(option.value)),
                ),
                class_name="flex flex-wrap items-center gap-2 px-4 pb-4",
            ),
        ),
        note=t("portfolio.add_note"),
    )


def _wallets() -> rx.Component:
    return card(
        t("portfolio.wallets"),
        rx.cond(
            page.loaded,
            rx.cond(
                page.wallets.length() > 0,
                data_table(t("portfolio.wallets"), _COLUMNS, rx.foreach(page.wallets, _row)),
                empty_state("wallet", t("portfolio.none_title"), t("portfolio.wallets_none")),
            ),
            skeleton_rows(3),
        ),
        note=page.note,
    )


def _active(item: Any) -> rx.Component:
    """Where a wallet is active, and which chains did not say; on a phone it stands below the address."""
    return rx.fragment(
        item.active, rx.cond(item.unread != "", rx.el.span(item.unread, class_name="block text-12 text-warn"))
    )


def _row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(
                rx.cond(item.label != "", rx.el.span(item.label, class_name="font-strong break-words")),
                rx.cond(item.ens != "", rx.el.span(item.ens, class_name="text-ink-2 break-all")),
                rx.cond(item.is_watch_only, badge(t("portfolio.watch_only"), title=t("portfolio.watch_only_text"))),
                rx.cond(item.is_paused, badge(t("limits.paused_by_plan"), "warn")),
                class_name="flex flex-wrap items-center gap-2",
            ),
            address_chip(item.short, item.address, item.explorer_url),
            rx.el.div(_active(item), class_name="md:hidden text-12 text-ink-2 mt-1"),
            class_name="md:min-w-44",
        ),
        cell(rx.cond(item.group != "", item.group, "\u2014"), hide="md", class_name="text-ink-2"),
        cell(_active(item), hide="md", class_name="min-w-32"),
        cell(relative_time(item.added_at, "num text-ink-2 whitespace-nowrap"), hide="lg"),
        cell(
            rx.el.div(
                icon_button(t("portfolio.edit"), "pencil", on_click=page.ask_edit(item.id)),
                icon_button(t("wallets.remove"), "trash-2", on_click=page.ask_remove(item.id)),
                class_name="flex items-center justify-end gap-1",
            )
        ),
        key=item.id,
    )


def _edit() -> rx.Component:
    return Modal.create(
        rx.cond(
            page.editing_id != "",
            rx.el.form(
                rx.el.h2(t("portfolio.edit_title"), id="edit-portfolio-wallet", class_name="text-16 font-strong"),
                text_field(t("portfolio.label"), "edit_label", default_value=page.editing_label, max_length=MAX_WORDS),
                text_field(t("portfolio.group"), "edit_group", default_value=page.editing_group, max_length=MAX_WORDS),
                field_error("edit-error", page.edit_error),
                rx.el.div(
                    button(t("action.cancel"), on_click=page.close),
                    button(t("wallets.save"), "primary", type="submit"),
                    class_name="flex justify-end gap-2",
                ),
                on_submit=page.edit,
                class_name="flex flex-col gap-4 p-5",
            ),
        ),
        open=page.editing_id != "",
        on_close=page.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "edit-portfolio-wallet"},
    )
