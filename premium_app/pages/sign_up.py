"""Sign up: address and password. What comes next is the same whether the address is new or somebody's."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.api_form import api_form
from components.ui.button import button
from components.ui.field import text_field
from components.ui.link import link
from premium_app.pages.entrance import entrance
from premium_app.pages.sign_in_ways import sign_in_ways
from state.entrance_state import EntranceState

# On the class, a state's attributes are values of the page.
state: Any = EntranceState


def sign_up_page() -> rx.Component:
    """Return the page."""
    return rx.cond(
        state.signed_up != "",
        entrance(
            t("sign_up.sent_title"),
            rx.fragment(t("sign_up.sent_lead"), " ", rx.el.strong(state.signed_up, class_name="break-all"), "."),
            rx.el.div(
                rx.el.p(t("sign_up.sent_text"), " ", t("sign_up.sent_until")),
                rx.el.p(t("sign_up.sent_nothing")),
                class_name="flex flex-col gap-3 mt-6 mb-4 text-ink-2",
            ),
            api_form(
                rx.el.input(type="hidden", name="email", value=state.signed_up, read_only=True),
                url="/v1/auth/resend-verification",
                submit=t("sign_up.again"),
                on_done=state.sent_again,
                kind="secondary",
            ),
            rx.el.p(
                button(t("entrance.other_address"), "ghost", on_click=state.begin_anew),
                link(t("entrance.back"), to="/sign-in/"),
                class_name="flex flex-wrap items-center justify-between gap-4 text-13 mt-4 -ml-3",
            ),
        ),
        entrance(
            t("sign_up.title"),
            t("sign_up.lead"),
            rx.el.div(
                api_form(
                    text_field(t("sign_in.email"), "email", type="email", auto_complete="username"),
                    text_field(
                        t("sign_up.password"),
                        "password",
                        hint=t("sign_up.password_hint"),
                        type="password",
                        auto_complete="new-password",
                    ),
                    url="/v1/auth/sign-up",
                    submit=t("sign_up.submit"),
                    on_sent=state.sent_sign_up,
                    wide=True,
                ),
                class_name="mt-6 mb-6",
            ),
            sign_in_ways("/"),
            rx.el.p(
                t("sign_up.have"),
                " ",
                link(t("sign_in.title"), to="/sign-in/", class_name="text-accent underline"),
                class_name="text-13 text-ink-2 mt-4",
            ),
        ),
    )
