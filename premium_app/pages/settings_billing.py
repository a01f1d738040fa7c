"""Settings → Billing: the plan, what comes next, the payment method, the invoices."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.settings_frame import settings_frame
from components.ui.badge import toned_badge
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.link import external_link
from components.ui.payments import payments_badge, portal_button
from components.ui.skeleton import skeleton, skeleton_rows
from premium_app.pages.billing_dialogs import billing_dialogs
from state.billing_state import BillingState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
billing: Any = BillingState

_COLUMNS = (
    Column(t("billing.column_number")),
    Column(t("billing.column_date")),
    Column(t("billing.column_text"), hide="md", width="w-full"),
    Column(t("billing.column_amount"), end=True),
    Column(t("billing.column_status")),
    Column(t("billing.column_pdf"), screen_reader_only=True),
)


def settings_billing_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "billing",
        rx.cond(
            billing.failure != "",
            error_panel(billing.failure, billing.failure_id, billing.load),
            rx.fragment(_notice(), _plan(), _change(), _usage(), _method(), _invoices(), billing_dialogs()),
        ),
        shell_state=ShellState,
    )


def _notice() -> rx.Component:
    return rx.cond(
        billing.notice != "",
        rx.el.p(
            billing.notice,
            role="alert",
            class_name="px-4 py-2.5 rounded-8 border border-warn bg-warn-ground text-13 text-warn font-strong",
        ),
    )


def _plan() -> rx.Component:
    return card(
        t("billing.plan_title"),
        rx.cond(
            billing.loaded,
            rx.el.div(
                rx.el.div(
                    rx.el.p(
                        billing.plan,
                        " ",
                        rx.cond(billing.status != "", toned_badge(billing.status, billing.tone)),
                        class_name="text-20 font-strong tracking-tight",
                    ),
                    rx.el.p(billing.price, class_name="text-14 text-ink-2 num"),
                    rx.el.p(
                        rx.cond(
                            billing.has_subscription,
                            billing.next_text,
                            rx.cond(billing.by_request, t("billing.by_request"), t("billing.free_text")),
                        ),
                        class_name="text-13 text-ink-2 mt-2",
                    ),
                    class_name="min-w-0",
                ),
                rx.el.div(_plan_actions(), class_name="flex flex-wrap gap-2"),
                class_name="flex flex-wrap items-start justify-between gap-4 p-4 min-h-28",
            ),
            rx.el.div(skeleton("h-6 w-40"), skeleton("h-4 w-56 mt-3"), class_name="p-4 min-h-28"),
        ),
        action=payments_badge(billing.test_payments),
    )


def _plan_actions() -> rx.Component:
    return rx.fragment(
        rx.cond(
            billing.has_subscription,
            None,
            rx.cond(billing.by_request, None, link_button(t("billing.choose"), "/pricing/", "primary")),
        ),
        rx.cond(
            billing.can_resume, button(t("billing.resume"), "primary", on_click=billing.resume, disabled=billing.busy)
        ),
        rx.cond(billing.can_cancel, button(t("billing.cancel"), on_click=billing.ask_cancel, disabled=billing.busy)),
    )


def _change() -> rx.Component:
    return rx.cond(
        billing.can_change,
        card(
            t("billing.change_title"),
            rx.el.ul(
                rx.foreach(billing.options, _option),
                rx.el.li(
                    rx.el.span(t("plan.enterprise"), class_name="font-strong"),
                    rx.el.span(t("billing.enterprise_price"), class_name="text-ink-2 num ml-auto"),
                    button(t("billing.enterprise_ask"), "ghost", on_click=billing.ask_enterprise),
                    class_name="flex flex-wrap items-center gap-3 px-4 py-1.5 min-h-12 text-14",
                ),
            ),
            note=t("billing.change_note"),
        ),
        rx.cond(billing.loaded & ~billing.by_request & ~billing.has_subscription, _ask_enterprise()),
    )


def _option(option: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(option.name, class_name="font-strong"),
        rx.el.span(option.price, class_name="text-ink-2 num ml-auto"),
        button(
            t("billing.change"),
            "ghost",
            on_click=billing.preview(option.key),
            disabled=billing.busy,
            aria_label=t("billing.change_to") + " " + option.name,
        ),
        key=option.key,
        class_name="flex flex-wrap items-center gap-3 px-4 py-1.5 min-h-12 border-b border-line text-14",
    )


def _ask_enterprise() -> rx.Component:
    return card(
        t("plan.enterprise"),
        rx.el.p(t("billing.enterprise_text"), class_name="p-4 text-13 text-ink-2"),
        action=button(t("billing.enterprise_ask"), on_click=billing.ask_enterprise),
    )


def _usage() -> rx.Component:
    return card(
        t("billing.usage_title"),
        rx.cond(
            billing.loaded,
            rx.el.ul(rx.foreach(billing.usage, _use), class_name="flex flex-col gap-4 p-4"),
            skeleton_rows(2),
        ),
    )


def _use(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(item.name, class_name="text-13 text-ink-2"),
            rx.el.span(item.text, class_name="text-13 num"),
            class_name="flex justify-between gap-3",
        ),
        rx.cond(
            item.percent != "",
            rx.el.div(
                rx.el.div(
                    class_name=rx.cond(item.is_full, "h-1.5 rounded-full bg-warn", "h-1.5 rounded-full bg-accent-fill"),
                    style={"width": item.percent},
                ),
                custom_attrs={"aria-hidden": True},
                class_name="h-1.5 mt-1.5 rounded-full bg-raised overflow-hidden",
            ),
        ),
        key=item.name,
    )


def _method() -> rx.Component:
    return rx.cond(
        billing.has_customer,
        card(
            t("billing.method_title"),
            rx.el.p(t("billing.method_text"), class_name="p-4 text-13 text-ink-2"),
            action=portal_button(t("billing.method_open")),
        ),
    )


def _invoices() -> rx.Component:
    none = empty_state("receipt-text", t("billing.no_invoices_title"), t("billing.no_invoices_text"))
    return card(
        t("billing.invoices_title"),
        rx.cond(
            billing.loaded,
            rx.cond(
                billing.invoices.length() > 0,
                data_table(t("billing.invoices_caption"), _COLUMNS, rx.foreach(billing.invoices, _invoice)),
                none,
            ),
            skeleton_rows(3),
        ),
    )


def _invoice(invoice: Any) -> rx.Component:
    return row(
        cell(
            rx.cond(invoice.page != "", external_link(invoice.number, href=invoice.page), rx.el.span(invoice.number)),
            class_name="mono whitespace-nowrap",
        ),
        cell(invoice.issued_on, class_name="num whitespace-nowrap text-ink-2"),
        cell(invoice.text, hide="md", class_name="text-ink-2 min-w-48"),
        cell(invoice.amount, end=True, class_name="whitespace-nowrap"),
        cell(toned_badge(invoice.status, invoice.tone)),
        cell(
            rx.cond(
                invoice.pdf != "",
                external_link(
                    t("billing.pdf"), href=invoice.pdf, aria_label=t("billing.pdf_of") + " " + invoice.number
                ),
            ),
            class_name="whitespace-nowrap",
        ),
        key=invoice.key,
    )
