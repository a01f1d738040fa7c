"""The questions of the billing page: a change with what it costs, a cancellation, a request for Enterprise."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.browser import Modal
from components.ui.button import button
from components.ui.dialogs import confirm_dialog, drawer
from components.ui.field import INPUT, field_error, text_field
from components.ui.icon import icon
from components.ui.skeleton import skeleton
from state.billing_state import BillingState

# On the class, a state's attributes are values of the page.
billing: Any = BillingState


def billing_dialogs() -> rx.Component:
    """Return all of them; the state says which one is open."""
    return rx.fragment(_change(), _cancel(), _enterprise())


def _change() -> rx.Component:
    return Modal.create(
        rx.el.div(
            rx.el.h2(
                t("billing.change_to"),
                " ",
                billing.asked_plan,
                id="change-plan-title",
                class_name="text-16 font-strong",
            ),
            rx.cond(
                billing.preview_lines.length() > 0,
                _costs(),
                rx.cond(billing.asked == "change", _costs_to_come()),
            ),
            rx.el.div(
                button(t("action.cancel"), on_click=billing.close),
                button(
                    t("billing.confirm"),
                    "primary",
                    on_click=billing.confirm_change,
                    disabled=billing.busy | (billing.preview_lines.length() == 0),
                ),
                class_name="flex justify-end gap-2 mt-5",
            ),
            class_name="p-5",
        ),
        open=billing.asked == "change",
        on_close=billing.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "change-plan-title"},
    )


def _costs_to_come() -> rx.Component:
    return rx.el.div(skeleton("h-4 w-3/4"), skeleton("h-4 w-1/2 mt-3"), class_name="mt-4 min-h-24", role="status")


def _costs() -> rx.Component:
    return rx.el.div(
        rx.el.dl(
            rx.foreach(
                billing.preview_lines,
                lambda line: rx.el.div(
                    rx.el.dt(line.text, class_name="text-ink-2 min-w-0"),
                    rx.el.dd(line.amount, class_name="num whitespace-nowrap"),
                    class_name="flex justify-between gap-4 py-1",
                ),
            ),
            class_name="text-13 mt-4 border-y border-line py-2",
        ),
        rx.el.p(billing.preview_total, class_name="text-14 font-strong mt-3"),
        rx.el.p(billing.preview_after, class_name="text-13 text-ink-2 mt-1"),
        rx.cond(
            billing.preview_paused != "",
            rx.el.p(
                icon("pause", 16, "mt-0.5"),
                rx.el.span(billing.preview_paused),
                class_name="flex items-start gap-2 mt-3 px-3 py-2 rounded-6 bg-warn-ground text-13 text-warn",
            ),
        ),
    )


def _cancel() -> rx.Component:
    return confirm_dialog(
        t("billing.cancel_title"),
        billing.cancel_text,
        t("billing.cancel"),
        is_open=billing.asked == "cancel",
        on_confirm=billing.cancel,
        on_close=billing.close,
        label_id="cancel-plan-title",
    )


def _enterprise() -> rx.Component:
    return drawer(
        t("billing.enterprise_title"),
        rx.cond(
            billing.asked == "enterprise",
            rx.el.form(
                rx.el.p(t("billing.enterprise_text"), class_name="text-13 text-ink-2"),
                text_field(
                    t("billing.company"),
                    "company",
                    billing.form_errors.get("company", ""),
                    max_length=200,
                    auto_complete="organization",
                ),
                text_field(
                    t("billing.email"),
                    "email",
                    billing.form_errors.get("email", ""),
                    type="email",
                    default_value=billing.contact,
                    auto_complete="email",
                ),
                rx.el.div(
                    rx.el.label(t("billing.message"), html_for="message", class_name="block text-13 font-strong mb-1"),
                    rx.el.textarea(
                        id="message",
                        name="message",
                        rows=5,
                        max_length=4000,
                        class_name=INPUT.replace("h-9 max-md:h-11", "py-2"),
                        custom_attrs={"aria-describedby": "message-error"},
                    ),
                    rx.el.p(t("billing.message_hint"), class_name="text-12 text-ink-3 mt-1"),
                    field_error("message-error", billing.form_errors.get("message", "")),
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=billing.close),
                    button(t("billing.enterprise_send"), "primary", type="submit"),
                    class_name="flex justify-end gap-2",
                ),
                on_submit=billing.send_enterprise,
                class_name="flex flex-col gap-5 p-5",
            ),
        ),
        is_open=billing.asked == "enterprise",
        on_close=billing.close,
        label_id="enterprise-title",
    )
