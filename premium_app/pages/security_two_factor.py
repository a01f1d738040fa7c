"""Settings → Security: two-step sign-in."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.api_form import api_form
from components.ui.badge import badge
from components.ui.button import button
from components.ui.card import card
from components.ui.dialogs import drawer
from components.ui.error_panel import error_panel
from components.ui.field import text_field
from components.ui.skeleton import skeleton_rows
from components.ui.two_factor import renew_codes, two_factor_setup
from state.two_factor_state import TwoFactorState

# On the class, a state's attributes are values of the page.
factor: Any = TwoFactorState

_PAGE = "/settings/security/"


def two_factor_section() -> rx.Component:
    """Return the card, with its dialogs."""
    return rx.fragment(
        card(
            t("two_factor.title"),
            rx.cond(
                factor.failure != "",
                error_panel(factor.failure, factor.failure_id, factor.load),
                rx.cond(factor.loaded, rx.cond(factor.is_on, _on(), _off()), skeleton_rows(1)),
            ),
            note=t("two_factor.note"),
        ),
        _dialog("setup", t("two_factor.setup_title"), two_factor_setup(factor.asks_password, _PAGE)),
        _dialog("renew", t("two_factor.renew_title"), renew_codes(_PAGE)),
        _dialog("off", t("two_factor.off_title"), _turn_off()),
    )


def _off() -> rx.Component:
    return rx.el.div(
        badge(t("two_factor.off")),
        rx.el.span(t("two_factor.off_text"), class_name="text-14 flex-1 min-w-40"),
        button(t("two_factor.turn_on"), on_click=factor.open_setup),
        class_name="flex flex-wrap items-center gap-x-4 gap-y-2 p-4",
    )


def _on() -> rx.Component:
    return rx.el.div(
        badge(t("two_factor.on"), "gain"),
        rx.el.div(
            rx.el.p(factor.left, class_name="text-14 num"),
            rx.cond(factor.has_few, rx.el.p(t("two_factor.few"), class_name="text-12 text-warn font-strong")),
            class_name="flex-1 min-w-40",
        ),
        rx.el.div(
            button(t("two_factor.new_codes"), on_click=factor.open_renew),
            button(t("two_factor.turn_off"), on_click=factor.open_off),
            class_name="flex flex-wrap gap-2",
        ),
        class_name="flex flex-wrap items-center gap-x-4 gap-y-2 p-4",
    )


def _turn_off() -> rx.Component:
    return rx.el.div(
        rx.el.p(t("two_factor.off_lead"), class_name="text-13 text-ink-2 mb-5"),
        api_form(
            text_field(t("two_factor.code"), "code", auto_complete="one-time-code", max_length=40),
            url="/v1/account/two-factor/disable",
            submit=t("two_factor.turn_off"),
            next_path=_PAGE,
            on_cancel=factor.close,
            kind="danger",
        ),
        class_name="p-5",
    )


def _dialog(name: str, title: str, content: rx.Component) -> rx.Component:
    return drawer(
        title,
        rx.cond(factor.open_dialog == name, content),
        is_open=factor.open_dialog == name,
        on_close=factor.close,
        label_id=f"two-factor-{name}-title",
    )
