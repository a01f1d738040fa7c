"""The tab of webhooks: the signing secret, a test, and how each message fared."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.delivery_table import delivery_table
from components.tables.pager import pager
from components.ui.browser import Secret
from components.ui.button import button, button_class
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.field import text_field
from components.ui.signature_help import signature_help
from components.ui.skeleton import skeleton_rows
from state.alerts_state import AlertsState
from state.webhook_state import WebhookState

# On the class, a state's attributes are values of the page.
alerts: Any = AlertsState
webhook: Any = WebhookState


def webhooks_tab() -> rx.Component:
    """Return the tab."""
    return rx.el.div(
        rx.el.div(_secret(), _test(), class_name="grid gap-3 lg:grid-cols-2 items-stretch"),
        rx.el.div(signature_help(), class_name="px-4 py-3 border border-line rounded-8 bg-surface"),
        _deliveries(),
        class_name="flex flex-col gap-3",
    )


def _secret() -> rx.Component:
    return card(
        t("webhooks.secret"),
        rx.el.div(
            rx.el.p(t("webhooks.secret_text"), class_name="text-13 text-ink-2"),
            Secret.create(
                url="/v1/alerts/webhook-secret",
                field="secret",
                masked="whsec_" + "\u2022" * 20,
                show_label=t("webhooks.show"),
                hide_label=t("webhooks.hide"),
                failed_label=t("webhooks.secret_failed"),
                text_class="mono text-13 break-all flex-1 min-w-0",
                button_class=button_class(),
                class_name="flex items-center gap-3 mt-3 min-h-9",
            ),
            class_name="p-4",
        ),
    )


def _test() -> rx.Component:
    return card(
        t("webhooks.test"),
        rx.el.form(
            rx.el.div(
                text_field(
                    t("webhooks.url"),
                    "test_destination",
                    webhook.test_error,
                    type="url",
                    placeholder="https://example.com/hooks/premium",
                ),
                class_name="flex-1 min-w-0",
            ),
            button(t("webhooks.send_test"), type="submit", icon_name="send", class_name="mt-6"),
            on_submit=webhook.send_test,
            class_name="flex items-start gap-2 p-4",
        ),
    )


def _deliveries() -> rx.Component:
    return card(
        t("deliveries.title"),
        rx.cond(
            webhook.loaded,
            rx.cond(
                webhook.deliveries.length() > 0,
                rx.fragment(
                    delivery_table(webhook.deliveries, webhook.resend),
                    pager(webhook.pager),
                ),
                empty_state("webhook", t("deliveries.none_title"), t("deliveries.none_text")),
            ),
            skeleton_rows(5),
        ),
        action=button(t("deliveries.refresh"), on_click=alerts.load, icon_name="rotate-cw"),
        note=t("deliveries.note"),
    )
