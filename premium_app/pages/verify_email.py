"""Where the link that confirms an address leads.

A press of a button follows it, not the opening of the page: mail programs open links to look at them.
"""

import reflex as rx

from components.i18n import t
from components.ui.api_form import api_form
from components.ui.field import text_field
from components.ui.link import link
from premium_app.pages.entrance import entrance


def verify_email_page() -> rx.Component:
    """Return the page."""
    return entrance(
        t("verify.title"),
        t("verify.lead"),
        rx.el.div(
            api_form(
                text_field(
                    t("verify.password"),
                    "password",
                    hint=t("verify.password_hint"),
                    type="password",
                    auto_complete="current-password",
                ),
                url="/v1/auth/verify-email",
                submit=t("verify.submit"),
                fragment="token",
                next_path="/sign-in/?notice=verified",
                wide=True,
            ),
            class_name="mt-6",
        ),
        rx.el.p(link(t("entrance.back"), to="/sign-in/"), class_name="text-13 mt-4"),
    )
