"""Sign in. A plain form that loads a new document, since the cookie must be there before the page's socket opens."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.navigation import mark
from components.layout.theme_switch import theme_switch
from components.ui.button import button
from components.ui.field import text_field
from components.ui.native_form import native_form
from state.sign_in_state import SignInState

# On the class, a state's attributes are values of the page.
sign_in: Any = SignInState

_ACTION = "/v1/auth/login"


def sign_in_page() -> rx.Component:
    """Return the page."""
    return rx.el.div(
        rx.el.main(
            rx.el.div(
                mark(), rx.el.span(t("brand"), class_name="text-16 font-strong"), class_name="flex items-center gap-2.5"
            ),
            rx.el.h1(t("sign_in.title"), class_name="text-28 font-strong tracking-tight mt-8"),
            rx.el.p(t("sign_in.lead"), class_name="text-ink-2 mt-1"),
            rx.el.div(_error(), role="alert"),
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
            rx.cond(sign_in.demo_email != "", _demo_account()),
            class_name="w-full max-w-[360px]",
        ),
        rx.el.header(theme_switch(), class_name="fixed top-4 right-4"),
        class_name="min-h-dvh flex items-start justify-center px-4 pt-[14vh] pb-12",
    )


def _error() -> rx.Component:
    return rx.cond(
        sign_in.error != "",
        rx.el.p(
            sign_in.error,
            class_name="mt-5 px-3 py-2 rounded-6 border border-loss bg-loss-ground text-loss text-13 font-strong",
        ),
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
