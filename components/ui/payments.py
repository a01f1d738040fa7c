"""What has to do with paying, wherever it stands: the way to the checkout, the badge of test payments, tier locks."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import badge
from components.ui.button import Kind, button, link_button
from components.ui.icon import icon
from components.ui.native_form import native_form

CHECKOUT = "/v1/subscriptions/checkout"
PORTAL = "/v1/subscriptions/portal/open"


def buy_button(label: Any, tier: Any, interval: Any, kind: Kind = "primary", **props: Any) -> rx.Component:
    """Return the button that leads to the checkout of a plan: a form of the browser's own, answered by 303."""
    return native_form(
        rx.el.input(type="hidden", name="tier", value=tier, read_only=True),
        rx.el.input(type="hidden", name="interval", value=interval, read_only=True),
        button(label, kind, type="submit", **props),
        action=CHECKOUT,
    )


def portal_button(label: Any, kind: Kind = "secondary", **props: Any) -> rx.Component:
    """Return the button that leads to where the payment method is changed."""
    return native_form(button(label, kind, type="submit", **props), action=PORTAL)


def payments_badge(is_test: Any) -> rx.Component:
    """Return the badge that no card is charged here, shown while that is so."""
    return rx.cond(is_test, badge(t("billing.test_payments"), "warn", title=t("billing.test_explained")))


def tier_lock(
    title: Any, gives: list[str], price: str, action: rx.Component, compare_to: str = "/pricing/"
) -> rx.Component:
    """Return what stands in place of a part that the plan does not include: what it gives, its price, the way to it."""
    return rx.el.div(
        rx.el.span(
            icon("lock", 20),
            class_name="inline-flex items-center justify-center size-10 rounded-8 bg-raised text-ink-2",
        ),
        rx.el.p(title, class_name="text-16 font-strong"),
        rx.el.ul(
            *[
                rx.el.li(icon("check", 16, "text-accent mt-0.5"), rx.el.span(each), class_name="flex items-start gap-2")
                for each in gives
            ],
            class_name="flex flex-col gap-1.5 text-13 text-ink-2 text-left",
        ),
        rx.el.p(price, class_name="text-14 num"),
        rx.el.div(
            action,
            link_button(t("billing.compare"), compare_to, "ghost"),
            class_name="flex flex-wrap justify-center gap-2",
        ),
        class_name="flex flex-col items-center justify-center gap-3 text-center px-6 py-10 max-w-md mx-auto",
    )
