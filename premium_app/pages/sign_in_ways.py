"""The sign-in page's other ways: Google, GitHub and the wallets of this browser."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class
from components.ui.link import document_link
from components.wallet.connect import wallets_that_sign_in
from components.wallet.provider_mark import provider_mark
from state.sign_in_ways_state import SignInWaysState

# On the class, a state's attributes are values of the page.
ways: Any = SignInWaysState


def sign_in_ways(next_path: Any) -> rx.Component:
    """Return the section; afterwards the browser is at `next_path`."""
    return rx.el.div(
        rx.el.div(
            rx.el.span(class_name="h-px flex-1 bg-line"),
            rx.el.span(t("sign_in_ways.or"), class_name="text-12 text-ink-3"),
            rx.el.span(class_name="h-px flex-1 bg-line"),
            class_name="flex items-center gap-3",
        ),
        rx.cond(
            ways.google | ways.github,
            rx.el.div(
                rx.cond(ways.google, _provider("google", next_path)),
                rx.cond(ways.github, _provider("github", next_path)),
                class_name="flex flex-col gap-2",
            ),
        ),
        rx.el.section(
            rx.el.h2(t("sign_in_ways.wallet"), id="wallet-sign-in", class_name="text-13 font-strong"),
            rx.el.p(t("sign_in_ways.wallet_text"), class_name="text-13 text-ink-2 mt-1 mb-3"),
            wallets_that_sign_in(next_path),
            aria_labelledby="wallet-sign-in",
        ),
        class_name="flex flex-col gap-4 mt-6",
    )


def _provider(provider: str, next_path: Any) -> rx.Component:
    place = rx.Var.create(next_path)  # a page may give its address as text
    return document_link(
        provider_mark(provider),
        rx.el.span(t(f"sign_in_ways.{provider}")),
        href=rx.Var(
            f"`/v1/auth/oauth/{provider}/start?next=${{encodeURIComponent({place!s})}}`",
            _var_type=str,
            _var_data=place._get_all_var_data(),  # else the page would not read the state it comes from
        ),
        class_name=f"{button_class()} w-full",
    )
