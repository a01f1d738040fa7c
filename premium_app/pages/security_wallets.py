"""Settings → Security: the wallets that sign the user in."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.address_chip import address_chip
from components.ui.browser import Modal, relative_time
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog, drawer
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.field import text_field
from components.ui.skeleton import skeleton_rows
from components.wallet.connect import wallets_to_add
from state.wallets_state import MAX_LABEL, WalletsState

# On the class, a state's attributes are values of the page.
wallets: Any = WalletsState

_COLUMNS = (
    Column(t("wallets.column_wallet"), width="w-full"),
    Column(t("wallets.column_network"), hide="md"),
    Column(t("wallets.column_added"), hide="md"),
    Column(t("wallets.column_actions"), screen_reader_only=True),
)


def wallets_section() -> rx.Component:
    """Return the card, with its dialogs."""
    return rx.fragment(
        card(
            t("wallets.title"),
            rx.cond(
                wallets.failure != "",
                error_panel(wallets.failure, wallets.failure_id, wallets.load),
                rx.cond(
                    wallets.loaded,
                    rx.cond(
                        wallets.wallets.length() > 0,
                        data_table(t("wallets.caption"), _COLUMNS, rx.foreach(wallets.wallets, _row)),
                        empty_state("wallet", t("wallets.none_title"), t("wallets.none_text")),
                    ),
                    skeleton_rows(2),
                ),
            ),
            action=button(t("wallets.add"), icon_name="plus", on_click=wallets.open_add),
            note=t("wallets.note"),
        ),
        _add(),
        _rename(),
        confirm_dialog(
            t("wallets.remove_title"),
            rx.fragment(rx.el.strong(wallets.removing_name), " ", t("wallets.remove_text")),
            t("wallets.remove"),
            is_open=wallets.removing_id != "",
            on_confirm=wallets.remove,
            on_close=wallets.close,
            label_id="remove-wallet-title",
        ),
    )


def _row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.cond(item.label != "", rx.el.span(item.label, class_name="block font-strong break-words")),
            address_chip(item.short, item.address, item.explorer_url),
            class_name="min-w-40",
        ),
        cell(item.network, hide="md", class_name="whitespace-nowrap text-ink-2"),
        cell(relative_time(item.added_at, "num text-ink-2 whitespace-nowrap"), hide="md"),
        cell(
            rx.el.div(
                icon_button(t("wallets.rename"), "pencil", on_click=wallets.ask_rename(item.id)),
                icon_button(t("wallets.remove"), "trash-2", on_click=wallets.ask_remove(item.id)),
                class_name="flex items-center justify-end gap-1",
            )
        ),
        key=item.id,
    )


def _add() -> rx.Component:
    return drawer(
        t("wallets.add_title"),
        rx.el.div(
            rx.el.p(t("wallets.add_text"), class_name="text-13 text-ink-2"),
            # Made anew each time, so that it looks for wallets when it is opened.
            rx.cond(wallets.is_adding, wallets_to_add(wallets.added)),
            class_name="flex flex-col gap-4 p-5",
        ),
        is_open=wallets.is_adding,
        on_close=wallets.close,
        label_id="add-wallet-title",
    )


def _rename() -> rx.Component:
    return Modal.create(
        rx.cond(
            wallets.renaming_id != "",
            rx.el.form(
                rx.el.h2(t("wallets.rename_title"), id="rename-wallet-title", class_name="text-16 font-strong"),
                text_field(
                    t("wallets.label"),
                    "wallet_label",
                    wallets.rename_error,
                    hint=t("wallets.label_hint"),
                    default_value=wallets.renaming_label,
                    max_length=MAX_LABEL,
                    auto_complete="off",
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=wallets.close),
                    button(t("wallets.save"), "primary", type="submit"),
                    class_name="flex justify-end gap-2",
                ),
                on_submit=wallets.rename,
                class_name="flex flex-col gap-4 p-5",
            ),
        ),
        open=wallets.renaming_id != "",
        on_close=wallets.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "rename-wallet-title"},
    )
