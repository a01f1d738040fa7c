"""Sign in. A plain form that loads a new document, since the cookie must be there before the page's socket opens."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button
from components.ui.field import text_field
from components.ui.link import link
from components.ui.native_form import native_form
from premium_app.pages.entrance import entrance, notice, problem
from premium_app.pages.sign_in_ways import sign_in_ways
from state.sign_in_state import SignInState

# On the class, a state's attributes are values of the page.
sign_in: Any = SignInState

_ACTION = "/v1/auth/login"


def sign_in_page() -> rx.Component:
    """Return the page: e-mail and password, or the second step of it."""
    return entrance(
        rx.cond(sign_in.asks_code, t("sign_in.code_title"), t("sign_in.title")),
        rx.cond(sign_in.asks_code, t("sign_in.code_lead"), t("sign_in.lead")),
        rx.cond(sign_in.notice != "", notice(sign_in.notice)),
        rx.el.div(rx.cond(sign_in.error != "", problem(sign_in.error)), role="alert"),
        rx.cond(sign_in.asks_code, _code(), _password()),
    )


def _password() -> rx.Component:
    return rx.fragment(
        native_form(
            text_field(t("sign_in.email"), "email", type="email", required=True, auto_complete="username"),
            text_field(
                t("sign_in.password"), "password", type="password", required=True, auto_complete="current-password"
            ),
            rx.el.input(type="hidden", name="next", value=sign_in.next_path, read_only=True),
            button(t("sign_in.submit"), "primary", type="submit", class_name="w-full"),
            action=_ACTION,
            class_name="flex flex-col gap-4 mt-6",
        ),
        rx.el.p(
            link(t("sign_in.forgot"), to="/forgot-password/"),
            rx.el.span(
                t("sign_in.no_account"),
                " ",
                link(t("sign_in.create"), to="/sign-up/", class_name="text-accent underline"),
            ),
            class_name="flex flex-wrap justify-between gap-x-4 gap-y-2 text-13 text-ink-2 mt-4 mb-6",
        ),
        sign_in_ways(sign_in.next_path),
        rx.cond(sign_in.demo_email != "", _demo_account()),
    )


def _code() -> rx.Component:
    return rx.fragment(
        native_form(
            text_field(
                t("sign_in.code"),
                "code",
                hint=t("sign_in.code_hint"),
                required=True,
                auto_complete="one-time-code",
                auto_focus=True,
                spell_check=False,
                max_length=40,
            ),
            button(t("sign_in.code_submit"), "primary", type="submit", class_name="w-full"),
            action="/v1/auth/second-factor",
            class_name="flex flex-col gap-4 mt-6",
        ),
        rx.el.p(link(t("sign_in.code_back"), to="/sign-in/"), class_name="text-13 mt-4"),
    )


def _demo_account() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("sign_in.demo_title"), class_name="text-13 font-strong text-warn"),
        rx.el.p(t("sign_in.demo_text"), class_name="text-13 text-ink-2 mt-1"),
        rx.el.dl(
            rx.el.dt(t("sign_in.email"), class_name="text-ink-3"),
            rx.el.dd(sign_in.demo_email, class_name="mono break-all"),
            rx.el.dt(t("sign_in.password"), class_name="text-ink-3"),
            rx.el.dd(sign_in.demo_password, class_name="mono break-all"),
            class_name="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-13 mt-2",
        ),
        native_form(
            rx.el.input(type="hidden", name="email", value=sign_in.demo_email, read_only=True),
            rx.el.input(type="hidden", name="password", value=sign_in.demo_password, read_only=True),
            rx.el.input(type="hidden", name="next", value=sign_in.next_path, read_only=True),
            button(t("sign_in.demo_submit"), type="submit", class_name="w-full"),
            action=_ACTION,
            class_name="mt-3",
        ),
        class_name="mt-6 p-4 rounded-8 border border-line bg-surface",
    )
