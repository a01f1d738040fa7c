"""Back from the checkout: the payment is being confirmed, is confirmed, was not finished, or failed."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.shell import shell
from components.ui.button import button, button_class, link_button
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.payments import payments_badge
from state.checkout_return_state import CheckoutReturnState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
back: Any = CheckoutReturnState


def checkout_return_page() -> rx.Component:
    """Return the page."""
    return shell(
        "pricing",
        t("checkout.title"),
        rx.el.section(
            rx.match(
                back.phase,
                ("done", _done()),
                ("open", _panel("circle-dashed", t("checkout.open_title"), t("checkout.open_text"), _go_on())),
                ("failed", _panel("circle-x", t("checkout.failed_title"), t("checkout.failed_text"), _plans())),
                ("unknown", _panel("circle-help", t("checkout.unknown_title"), t("checkout.unknown_text"), _billing())),
                ("late", _panel("clock", t("checkout.late_title"), t("checkout.late_text"), _again())),
                _waiting(),
            ),
            payments_badge(back.test_payments),
            class_name="max-w-[560px] mx-auto mt-10 p-8 border border-line rounded-8 bg-surface flex flex-col items-center "
            "gap-4 min-h-72 justify-center text-center",
            custom_attrs={"aria-live": "polite"},
        ),
        ShellState,
    )


def _panel(icon_name: str, title: Any, text: Any, *actions: rx.Component) -> rx.Component:
    return rx.el.div(
        icon(icon_name, 28, "text-ink-2"),
        rx.el.h2(title, class_name="text-20 font-strong tracking-tight"),
        rx.el.p(text, class_name="text-14 text-ink-2 max-w-md"),
        rx.el.div(*actions, class_name="flex flex-wrap justify-center gap-2 mt-2"),
        class_name="flex flex-col items-center gap-3",
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        icon("loader-circle", 28, "text-accent motion-safe:animate-spin"),
        rx.el.h2(t("checkout.waiting_title"), class_name="text-20 font-strong tracking-tight"),
        rx.el.p(t("checkout.waiting_text"), class_name="text-14 text-ink-2 max-w-md"),
        class_name="flex flex-col items-center gap-3",
    )


def _done() -> rx.Component:
    return rx.el.div(
        icon("circle-check", 28, "text-gain"),
        rx.el.h2(t("checkout.done_title"), " ", back.plan, class_name="text-20 font-strong tracking-tight"),
        rx.el.p(
            rx.cond(back.is_trial, t("checkout.done_trial"), t("checkout.done_text")),
            class_name="text-14 text-ink-2 max-w-md",
        ),
        rx.el.div(
            link_button(t("checkout.start"), "/", "primary"),
            link_button(t("checkout.see_billing"), "/settings/billing/"),
            class_name="flex flex-wrap justify-center gap-2 mt-2",
        ),
        class_name="flex flex-col items-center gap-3",
    )


def _go_on() -> rx.Component:
    return rx.fragment(
        document_link(t("checkout.go_on"), href=back.pay_url, class_name=button_class("primary")),
        link_button(t("billing.compare"), "/pricing/"),
    )


def _plans() -> rx.Component:
    return link_button(t("billing.compare"), "/pricing/", "primary")


def _billing() -> rx.Component:
    return rx.fragment(
        link_button(t("checkout.see_billing"), "/settings/billing/", "primary"),
        link_button(t("billing.compare"), "/pricing/"),
    )


def _again() -> rx.Component:
    return button(t("checkout.look_again"), "primary", on_click=back.load)
