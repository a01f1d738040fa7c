"""Settings → Security: the accounts at Google and GitHub that sign the user in."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.browser import relative_time
from components.ui.button import button
from components.ui.card import card
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.skeleton import skeleton_rows
from components.wallet.provider_link import provider_link
from components.wallet.provider_mark import provider_mark
from state.linked_accounts_state import LinkedAccountsState

# On the class, a state's attributes are values of the page.
accounts: Any = LinkedAccountsState


def linked_accounts_section() -> rx.Component:
    """Return the card, with its dialog."""
    return rx.fragment(
        card(
            t("linked.title"),
            rx.cond(
                accounts.problem != "",
                rx.el.p(
                    accounts.problem,
                    role="alert",
                    class_name="px-4 py-2.5 text-13 text-loss font-strong bg-loss-ground border-b border-line",
                ),
            ),
            rx.cond(
                accounts.failure != "",
                error_panel(accounts.failure, accounts.failure_id, accounts.load),
                rx.cond(
                    accounts.loaded,
                    rx.cond(
                        accounts.rows.length() > 0,
                        rx.el.ul(rx.foreach(accounts.rows, _row), aria_label=t("linked.caption")),
                        empty_state("link-2", t("linked.none_title"), t("linked.none_text")),
                    ),
                    skeleton_rows(2),
                ),
            ),
            note=t("linked.note"),
        ),
        confirm_dialog(
            t("linked.unlink_title"),
            rx.fragment(rx.el.strong(accounts.unlinking_name), " ", t("linked.unlink_text")),
            t("linked.unlink"),
            is_open=accounts.unlinking_id != "",
            on_confirm=accounts.unlink,
            on_close=accounts.close,
            label_id="unlink-account-title",
        ),
    )


def _row(item: Any) -> rx.Component:
    return rx.el.li(
        rx.match(item.provider, ("google", provider_mark("google", 20)), provider_mark("github", 20)),
        rx.el.div(
            rx.el.span(item.name, class_name="block text-14 font-strong"),
            rx.cond(
                item.id != "",
                rx.el.span(
                    item.email,
                    " · ",
                    t("linked.since"),
                    " ",
                    relative_time(item.linked_at),
                    class_name="block text-13 text-ink-2 break-words",
                ),
                rx.el.span(t("linked.not_linked"), class_name="block text-13 text-ink-3"),
            ),
            class_name="min-w-0 flex-1",
        ),
        rx.cond(
            item.id != "",
            button(t("linked.unlink"), "ghost", on_click=accounts.ask_unlink(item.id)),
            provider_link(item.provider, item.name),
        ),
        key=item.provider + item.id,
        class_name="flex items-center gap-3 px-4 py-2.5 min-h-14 border-b border-line last:border-0",
    )
