"""Settings → Notifications: where mails go, which ones, and the key that signs webhooks."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.places import SETTINGS_TABS
from components.layout.settings_frame import settings_frame
from components.ui.badge import badge
from components.ui.browser import Modal, Secret
from components.ui.button import button, button_class
from components.ui.card import card
from components.ui.error_panel import error_panel
from components.ui.field import INPUT
from components.ui.link import link
from components.ui.secret_form import secret_form
from components.ui.signature_help import signature_help
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
            rx.fragment(_mails(), _secret(), _rotate()),
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


def _secret() -> rx.Component:
    return card(
        t("notifications.secret_title"),
        rx.el.div(
            Secret.create(
                key=page.times_closed.to_string(),  # what was shown may be the secret of before
                url="/v1/alerts/webhook-secret",
                field="secret",
                masked="whsec_" + "\u2022" * 20,
                show_label=t("webhooks.show"),
                hide_label=t("webhooks.hide"),
                failed_label=t("webhooks.secret_failed"),
                text_class="mono text-13 break-all flex-1 min-w-0",
                button_class=button_class(),
                class_name="flex items-center gap-3 min-h-9",
            ),
            rx.cond(
                page.old_secret_until != "",
                rx.el.p(
                    t("notifications.secret_old"),
                    " ",
                    rx.el.span(page.old_secret_until, class_name="num"),
                    class_name="text-13 text-warn",
                ),
            ),
            signature_help(),
            class_name="flex flex-col gap-3 p-4",
        ),
        action=button(t("notifications.rotate"), icon_name="rotate-cw", on_click=page.open_rotate),
        note=t("notifications.secret_note"),
    )


def _rotate() -> rx.Component:
    return Modal.create(
        rx.cond(
            page.is_rotating,
            rx.fragment(
                rx.el.div(
                    rx.el.h2(
                        t("notifications.rotate_title"), id="rotate-secret-title", class_name="text-16 font-strong"
                    ),
                    rx.el.p(t("notifications.rotate_text"), class_name="text-14 text-ink-2 mt-2"),
                    class_name="px-5 pt-5",
                ),
                secret_form(
                    rx.el.div(
                        rx.el.label(
                            t("notifications.grace"), html_for="graceHours", class_name="block text-13 font-strong mb-1"
                        ),
                        rx.el.select(
                            *[
                                rx.el.option(t(f"notifications.grace_{hours}"), value=hours)
                                for hours in ("0", "1", "24")
                            ],
                            id="graceHours",
                            name="graceHours",
                            default_value="1",
                            class_name=INPUT,
                            custom_attrs={"data-number": ""},
                        ),
                    ),
                    url="/v1/alerts/webhook-secret/rotate",
                    submit=t("notifications.rotate_submit"),
                    once=t("notifications.rotate_once"),
                    on_done=page.close,
                ),
            ),
        ),
        open=page.is_rotating,
        on_close=page.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "rotate-secret-title"},
    )
