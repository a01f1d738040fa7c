"""What concerns the whole account stands above every page, below the top bar."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button, link_button
from components.ui.icon import icon
from components.ui.payments import portal_button


def notices(shell: Any) -> rx.Component:
    """Return the notices; `shell` is the state that knows them."""
    return rx.el.div(
        rx.cond(shell.payment_problem != "", _payment(shell)),
        rx.cond(shell.erasure_on != "", _erasure(shell)),
        rx.cond(shell.unconfirmed_email != "", _unconfirmed(shell)),
        role="status",
    )


def _payment(shell: Any) -> rx.Component:
    """A payment that failed, until the card works again."""
    return rx.el.div(
        icon("credit-card"),
        rx.el.p(shell.payment_problem, class_name="min-w-0 flex-1 max-md:basis-64"),
        portal_button(t("billing.update_card")),
        class_name="flex flex-wrap items-center gap-3 px-(--gutter) py-2 text-13 text-warn bg-warn-ground border-b border-line",
    )


def _unconfirmed(shell: Any) -> rx.Component:
    return rx.el.div(
        icon("mail", class_name="max-md:hidden"),
        rx.el.p(
            *(t("account.banner"), " ", rx.el.strong(shell.unconfirmed_email, class_name="wrap-anywhere"), ". "),
            rx.cond(
                shell.unconfirmed_until != "",
                rx.fragment(t("account.banner_until"), " ", rx.el.strong(shell.unconfirmed_until), "."),
            ),
        ),
        link_button(t("account.banner_action"), "/settings/account/"),
        class_name="flex flex-wrap items-center gap-3 px-(--gutter) py-2 text-13 text-warn bg-warn-ground border-b border-line",
    )


def _erasure(shell: Any) -> rx.Component:
    return rx.el.div(
        icon("triangle-alert", class_name="max-md:hidden"),
        rx.el.p(t("privacy.banner_before"), " ", rx.el.strong(shell.erasure_on), t("privacy.banner_after")),
        button(t("privacy.keep"), on_click=shell.keep_account, class_name="ml-auto max-md:ml-0"),
        class_name="flex flex-wrap items-center gap-3 px-(--gutter) py-2 text-13 text-warn bg-warn-ground border-b border-line",
    )
