"""A forgotten password: where the link is asked for, and the page that the link leads to."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.api_form import api_form
from components.ui.button import button
from components.ui.field import text_field
from components.ui.link import link
from premium_app.pages.entrance import entrance
from state.entrance_state import EntranceState

# On the class, a state's attributes are values of the page.
state: Any = EntranceState


def forgot_password_page() -> rx.Component:
    """Return the page that asks for the address."""
    return rx.cond(
        state.asked_reset != "",
        entrance(
            t("sign_up.sent_title"),
            rx.fragment(t("forgot.sent_lead"), " ", rx.el.strong(state.asked_reset, class_name="break-all"), "."),
            rx.el.p(t("forgot.sent_text"), class_name="mt-6 text-ink-2"),
            rx.el.p(
                button(t("entrance.other_address"), "ghost", on_click=state.begin_anew),
                link(t("entrance.back"), to="/sign-in/"),
                class_name="flex flex-wrap items-center justify-between gap-4 text-13 mt-4 -ml-3",
            ),
        ),
        entrance(
            t("forgot.title"),
            t("forgot.lead"),
            rx.el.div(
                api_form(
                    text_field(t("sign_in.email"), "email", type="email", auto_complete="username"),
                    url="/v1/auth/forgot-password",
                    submit=t("forgot.submit"),
                    on_sent=state.sent_reset,
                    wide=True,
                ),
                class_name="mt-6",
            ),
            _back(),
        ),
    )


def reset_password_page() -> rx.Component:
    """Return the page of the mailed link: the new password. The link's token stays in the browser until it is sent."""
    return entrance(
        t("reset.title"),
        t("reset.lead"),
        rx.el.div(
            api_form(
                text_field(
                    t("reset.password"),
                    "password",
                    hint=t("sign_up.password_hint"),
                    type="password",
                    auto_complete="new-password",
                ),
                url="/v1/auth/reset-password",
                submit=t("reset.submit"),
                fragment="token",
                next_path="/sign-in/?notice=reset",
                wide=True,
            ),
            class_name="mt-6",
        ),
        rx.el.p(link(t("reset.again"), to="/forgot-password/"), class_name="text-13 mt-4"),
    )


def _back() -> rx.Component:
    return rx.el.p(link(t("entrance.back"), to="/sign-in/"), class_name="text-13 mt-4")
