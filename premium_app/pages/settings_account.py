"""Settings → Account: the address, the password, the plan."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.settings_frame import settings_frame
from components.ui.api_form import api_form
from components.ui.badge import badge
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.dialogs import drawer
from components.ui.error_panel import error_panel
from components.ui.field import text_field
from components.ui.icon import icon
from components.ui.skeleton import skeleton_rows
from premium_app.pages.entrance import notice
from state.account_state import AccountState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
account: Any = AccountState

_ROW = "flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-4"


def settings_account_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "account",
        rx.cond(
            account.failure != "",
            error_panel(account.failure, account.failure_id, account.load),
            rx.fragment(
                rx.cond(account.done != "", notice(account.done)),
                _email(),
                _password(),
                _plan(),
                _email_form(),
                _password_form(),
            ),
        ),
        shell_state=ShellState,
    )


def _email() -> rx.Component:
    return card(
        t("account.title_email"),
        rx.cond(account.loaded, rx.fragment(_address(), _pending()), skeleton_rows(1)),
        note=t("account.note_email"),
    )


def _address() -> rx.Component:
    unconfirmed = (account.email != "") & ~account.is_verified
    return rx.fragment(
        rx.el.div(
            rx.el.span(
                rx.cond(account.email != "", account.email, t("account.no_email")),
                class_name="text-14 font-strong break-all",
            ),
            rx.cond(account.is_verified, badge(t("account.confirmed"), "gain")),
            rx.cond(unconfirmed, badge(t("account.unconfirmed"), "warn")),
            rx.el.span(class_name="flex-1"),
            button(
                rx.cond(account.email != "", t("account.change_email"), t("account.add_email")),
                on_click=account.open_email,
            ),
            class_name=_ROW,
        ),
        rx.cond(
            unconfirmed,
            rx.el.div(
                rx.el.p(t("account.unconfirmed_text"), class_name="text-13 text-ink-2"),
                api_form(
                    url="/v1/account/verification-mail",
                    submit=t("account.resend"),
                    on_done=account.resent,
                    kind="secondary",
                ),
                class_name="flex flex-col gap-3 px-4 pb-4",
            ),
        ),
    )


def _pending() -> rx.Component:
    return rx.cond(
        account.pending_email != "",
        rx.el.p(
            icon("mail"),
            rx.el.span(t("account.pending"), " ", rx.el.strong(account.pending_email, class_name="break-all text-ink")),
            class_name="flex items-start gap-2 px-4 py-2.5 text-13 text-ink-2 border-t border-line",
        ),
    )


def _password() -> rx.Component:
    return card(
        t("account.title_password"),
        rx.cond(
            account.loaded,
            rx.el.div(
                rx.el.span(
                    rx.cond(account.has_password, t("account.has_password"), t("account.no_password")),
                    class_name="text-14 flex-1 min-w-40",
                ),
                button(
                    rx.cond(account.has_password, t("account.change_password"), t("account.set_password")),
                    on_click=account.open_password,
                    disabled=account.email == "",
                ),
                class_name=_ROW,
            ),
            skeleton_rows(1),
        ),
        note=t("account.note_password"),
    )


def _plan() -> rx.Component:
    return card(
        t("account.title_plan"),
        rx.cond(
            account.loaded,
            rx.el.div(
                rx.el.div(
                    rx.el.p(account.plan, class_name="text-14 font-strong"),
                    rx.el.p(t("account.since"), " ", account.since, class_name="text-12 text-ink-3"),
                    class_name="flex-1 min-w-40",
                ),
                link_button(t("account.plans"), "/pricing/"),
                class_name=_ROW,
            ),
            skeleton_rows(1),
        ),
    )


def _email_form() -> rx.Component:
    return drawer(
        rx.cond(account.email != "", t("account.change_email"), t("account.add_email")),
        rx.cond(
            account.is_changing_email,
            rx.el.div(
                api_form(
                    text_field(
                        t("account.new_email"),
                        "email",
                        hint=t("account.new_email_hint"),
                        type="email",
                        auto_complete="email",
                    ),
                    rx.cond(account.has_password, _own_password("password", t("account.password_hint_fresh"))),
                    url="/v1/account/email",
                    submit=t("account.email_submit"),
                    on_done=account.email_asked,
                    on_cancel=account.close,
                ),
                class_name="p-5",
            ),
        ),
        is_open=account.is_changing_email,
        on_close=account.close,
        label_id="change-email-title",
    )


def _password_form() -> rx.Component:
    return drawer(
        rx.cond(account.has_password, t("account.change_password"), t("account.set_password")),
        rx.cond(
            account.is_changing_password,
            rx.el.div(
                api_form(
                    rx.el.input(
                        type="hidden", name="username", value=account.email, auto_complete="username", read_only=True
                    ),
                    rx.cond(account.has_password, _own_password("currentPassword", None)),
                    text_field(
                        t("account.new_password"),
                        "newPassword",
                        hint=t("sign_up.password_hint"),
                        type="password",
                        auto_complete="new-password",
                    ),
                    url="/v1/account/password",
                    submit=t("account.password_submit"),
                    next_path="/settings/account/?done=password",
                    on_cancel=account.close,
                ),
                class_name="p-5",
            ),
        ),
        is_open=account.is_changing_password,
        on_close=account.close,
        label_id="change-password-title",
    )


def _own_password(name: str, hint: str | None) -> rx.Component:
    label = t("account.current_password") if name == "currentPassword" else t("account.your_password")
    return text_field(label, name, hint=hint, type="password", auto_complete="current-password")
