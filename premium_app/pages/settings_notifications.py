"""Settings → Notifications: where mails of the product go, and which ones."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.places import SETTINGS_TABS
from components.layout.settings_frame import settings_frame
from components.ui.badge import badge
from components.ui.card import card
from components.ui.error_panel import error_panel
from components.ui.link import link
from components.ui.skeleton import skeleton_rows
from components.ui.switch import switch
from state.notifications_state import NotificationsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = NotificationsState

_LINK = "text-13 text-accent underline underline-offset-2"


def settings_notifications_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "notifications",
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            _mails(),
        ),
        shell_state=ShellState,
    )


def _mails() -> rx.Component:
    return card(
        t("notifications.mails_title"),
        rx.cond(
            page.loaded,
            rx.fragment(
                _address(),
                rx.el.div(rx.foreach(page.choices, _choice), class_name="divide-y divide-line"),
                rx.el.p(t("notifications.always"), class_name="px-4 py-3 text-13 text-ink-2 border-t border-line"),
            ),
            skeleton_rows(3),
        ),
        note=t("notifications.mails_note"),
    )


def _address() -> rx.Component:
    known = rx.el.span(
        t("notifications.goes_to"),
        " ",
        rx.el.strong(page.email, class_name="font-strong break-all"),
        " ",
        rx.cond(
            page.email_confirmed,
            badge(t("notifications.confirmed"), "gain"),
            badge(t("notifications.not_confirmed"), "warn"),
        ),
    )
    return rx.el.div(
        rx.cond(page.email != "", known, rx.el.span(t("notifications.no_address"))),
        *_account_link(),
        class_name="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-3 text-14 border-b border-line",
    )


def _account_link() -> list[rx.Component]:
    """Return the link to where the address is changed, once there is such a page."""
    return [
        link(
            rx.cond(page.email != "", t("notifications.change_address"), t("notifications.add_address")),
            to=tab.to,
            class_name=_LINK,
        )
        for tab in SETTINGS_TABS
        if tab.key == "account"
    ]


def _choice(item: Any) -> rx.Component:
    return rx.el.div(
        switch(item.label, item.text, is_on=item.is_on, on_click=page.switch(item.kind)),
        key=item.kind,
    )
