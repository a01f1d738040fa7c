"""The channels page: the key that signs webhooks and a test of any address; and how every message fared."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.delivery_table import delivery_table
from components.tables.pager import pager
from components.ui.browser import Modal, Secret
from components.ui.button import button, button_class
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.field import INPUT, text_field
from components.ui.filter_chips import filter_chip
from components.ui.secret_form import secret_form
from components.ui.signature_help import signature_help
from components.ui.skeleton import skeleton_rows
from state.deliveries_state import DeliveriesState
from state.webhook_state import WebhookState

# On the class, a state's attributes are values of the page.
webhook: Any = WebhookState
deliveries: Any = DeliveriesState


def webhooks_section() -> rx.Component:
    """Return the card of webhooks: key, how to check a signature, a test; with the dialog that changes the key."""
    return rx.el.div(
        card(
            t("webhooks.title"),
            rx.el.div(
                rx.el.p(t("webhooks.secret_text"), class_name="text-13 text-ink-2"),
                Secret.create(
                    key=webhook.times_closed.to_string(),  # what was shown may be the key of before
                    url="/v1/alerts/webhook-secret",
                    field="secret",
                    masked="whsec_" + "\u2022" * 20,
                    show_label=t("webhooks.show"),
                    hide_label=t("webhooks.hide"),
                    failed_label=t("webhooks.secret_failed"),
                    text_class="mono text-13 break-all flex-1 min-w-0",
                    button_class=button_class(),
                    class_name="flex items-center gap-3 min-h-9",
                ),
                rx.cond(
                    webhook.old_secret_until != "",
                    rx.el.p(
                        t("notifications.secret_old"),
                        " ",
                        rx.el.span(webhook.old_secret_until, class_name="num"),
                        class_name="text-13 text-warn",
                    ),
                ),
                signature_help(),
                class_name="flex flex-col gap-3 p-4 border-b border-line",
            ),
            _test(),
            action=button(t("notifications.rotate"), icon_name="rotate-cw", on_click=webhook.open_rotate),
            note=t("webhooks.note"),
        ),
        _rotate(),
        id="webhooks",
        class_name="scroll-mt-16",
    )


def deliveries_section() -> rx.Component:
    """Return the messages on every channel, filtered as the address says."""
    return rx.el.div(
        card(
            t("deliveries.title"),
            rx.el.div(
                rx.foreach(deliveries.chips, lambda chip: filter_chip(chip.text, chip.href, chip.active)),
                role="group",
                aria_label=t("deliveries.filters"),
                class_name="flex flex-wrap items-center gap-2 px-4 py-2 min-h-11 border-b border-line",
            ),
            rx.cond(
                deliveries.loaded,
                rx.cond(
                    deliveries.rows.length() > 0,
                    rx.fragment(delivery_table(deliveries.rows, deliveries.resend), pager(deliveries.pager)),
                    empty_state("send", t("deliveries.none_title"), t("deliveries.none_text")),
                ),
                skeleton_rows(5),
            ),
            action=button(t("deliveries.refresh"), on_click=deliveries.load, icon_name="rotate-cw"),
            note=t("deliveries.note"),
        ),
        id="deliveries",
        class_name="scroll-mt-16",
    )


def _test() -> rx.Component:
    return rx.el.form(
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
    )


def _rotate() -> rx.Component:
    return Modal.create(
        rx.cond(
            webhook.is_rotating,
            rx.fragment(
                rx.el.div(
                    rx.el.h2(
                        t("notifications.rotate_title"), id="rotate-secret-title", class_name="text-16 font-strong"
                    ),
                    rx.el.p(t("notifications.rotate_text"), class_name="text-14 text-ink-2 mt-2"),
                    class_name="px-5 pt-5",
                ),
                secret_form(
                    rx.el.div(
                        rx.el.label(
                            t("notifications.grace"), html_for="graceHours", class_name="block text-13 font-strong mb-1"
                        ),
                        rx.el.select(
                            *[
                                rx.el.option(t(f"notifications.grace_{hours}"), value=hours)
                                for hours in ("0", "1", "24")
                            ],
                            id="graceHours",
                            name="graceHours",
                            default_value="1",
                            class_name=INPUT,
                            custom_attrs={"data-number": ""},
                        ),
                    ),
                    url="/v1/alerts/webhook-secret/rotate",
                    submit=t("notifications.rotate_submit"),
                    once=t("notifications.rotate_once"),
                    on_done=webhook.close,
                ),
            ),
        ),
        open=webhook.is_rotating,
        on_close=webhook.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "rotate-secret-title"},
    )
