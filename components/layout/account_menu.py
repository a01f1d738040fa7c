"""Who is signed in, the theme on a phone, and the way out."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.places import account_places
from components.layout.theme_switch import theme_switch
from components.ui.icon import icon
from components.ui.link import link
from components.ui.native_form import native_form

_ITEM = (
    "flex items-center gap-3 w-full h-9 max-md:h-11 px-3 rounded-6 text-14 text-ink-2 hover:bg-raised hover:text-ink"
)


def account_menu(email: Any, initial: Any, plan: Any) -> rx.Component:
    """Return the account button and its menu; signing out is a real form, so that the cookie goes with the document."""
    return rx.el.div(
        rx.el.button(
            rx.el.span(
                initial,
                class_name="inline-flex items-center justify-center size-8 rounded-full bg-raised text-13 font-strong border "
                "border-line-strong uppercase",
            ),
            type="button",
            aria_label=t("account.menu"),
            title=email,
            custom_attrs={"popoverTarget": "account-menu"},
            class_name="inline-flex items-center justify-center size-8 max-md:size-11 rounded-full",
        ),
        rx.el.div(
            rx.el.div(
                rx.el.p(email, class_name="text-14 font-strong truncate"),
                rx.el.p(plan, class_name="text-12 text-ink-3"),
                class_name="px-3 py-2",
            ),
            rx.el.nav(
                *[link(icon(place.icon), place.label, to=place.to, class_name=_ITEM) for place in account_places()],
                aria_label=t("nav.account"),
                class_name="border-t border-line py-1.5",
            ),
            rx.el.div(theme_switch(), class_name="px-2.5 py-2 border-t border-line"),
            native_form(
                rx.el.button(
                    icon("log-out"),
                    t("account.sign_out"),
                    type="submit",
                    class_name=_ITEM,
                ),
                action="/v1/auth/logout",
                class_name="border-t border-line pt-1.5",
            ),
            id="account-menu",
            custom_attrs={"popover": "auto"},
            class_name="menu",
        ),
    )
