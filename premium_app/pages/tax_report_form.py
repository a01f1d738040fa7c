"""The drawer in which a new tax report is asked for."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button
from components.ui.dialogs import drawer
from components.ui.field import INPUT, checkbox, field_error
from components.ui.plan_limit import plan_limit
from state.tax_reports_state import FORMATS, TaxReportsState

# On the class, a state's attributes are values of the page.
page: Any = TaxReportsState


def tax_report_form() -> rx.Component:
    """Return the drawer; it follows the state of the page of reports."""
    return drawer(
        t("tax_reports.new_title"),
        rx.cond(
            page.is_open,
            rx.el.form(
                rx.el.div(
                    plan_limit(page.limit_message, page.upgrade_to),
                    _select("place", t("tax_reports.place"), _options(page.place_options), page.place),
                    _select("year", t("tax_reports.year"), _options(page.year_options), page.year),
                    _select(
                        "method", t("tax_reports.method"), _options(page.method_options), page.method, below=_refusals()
                    ),
                    _select(
                        "currency",
                        t("tax_reports.currency"),
                        _options(page.currency_options),
                        page.currency,
                        below=rx.cond(
                            page.currency_note != "",
                            rx.el.p(page.currency_note, role="status", class_name="text-12 text-warn mt-1"),
                        ),
                    ),
                    _select("per_wallet", t("tax_reports.per_wallet"), _options(page.wallet_options), page.per_wallet),
                    rx.cond(page.has_wash_sales, _wash_sales()),
                    _select(
                        "form",
                        t("tax_reports.format"),
                        [rx.el.option(t(f"tax_reports.format_{each}"), value=each) for each in FORMATS],
                        page.form,
                    ),
                    rx.el.p(t("tax_reports.disclaimer"), class_name="text-12 text-ink-3"),
                    class_name="flex flex-col gap-4 p-5 flex-1 overflow-y-auto",
                ),
                rx.el.footer(
                    button(t("action.cancel"), on_click=page.close),
                    button(t("tax_reports.make"), "primary", type="submit"),
                    class_name="flex justify-end gap-2 px-5 py-3 border-t border-line",
                ),
                on_submit=page.make,
                class_name="flex flex-col flex-1 min-h-0",
            ),
        ),
        is_open=page.is_open,
        on_close=page.close,
        label_id="new-tax-report",
    )


def _options(options: Any) -> list[rx.Component]:
    return [rx.foreach(options, lambda option: rx.el.option(option.text, value=option.value))]


def _select(
    name: str, label: str, options: list[rx.Component], value: Any, below: rx.Component | None = None
) -> rx.Component:
    error_id = f"report_{name}-error"
    return rx.el.div(
        rx.el.label(label, html_for=f"report_{name}", class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            *options,
            id=f"report_{name}",
            name=f"report_{name}",
            value=value,
            on_change=lambda chosen: page.choose(name, chosen),
            custom_attrs={"aria-describedby": error_id},
            class_name=INPUT,
        ),
        field_error(error_id, page.problems[name]),
        below,
    )


def _refusals() -> rx.Component:
    """Why the other methods are not in the list."""
    return rx.cond(
        page.refusals.length() > 0,
        rx.el.details(
            rx.el.summary(t("tax_reports.method_why_not"), class_name="text-12 text-ink-2 cursor-pointer"),
            rx.el.dl(
                rx.foreach(
                    page.refusals,
                    lambda refusal: rx.el.div(
                        rx.el.dt(refusal.methods, class_name="font-strong"),
                        rx.el.dd(refusal.why, class_name="text-ink-2"),
                    ),
                ),
                class_name="flex flex-col gap-2 mt-2 text-12",
            ),
            class_name="mt-1.5",
        ),
    )


def _wash_sales() -> rx.Component:
    return rx.el.div(
        checkbox(
            t("tax_reports.wash_sale"),
            "report_wash_sale",
            checked=page.wash_sale,
            on_change=page.set_wash_sale,
            custom_attrs={"aria-describedby": "report_wash_sale-hint"},
        ),
        rx.el.p(t("tax_reports.wash_sale_hint"), id="report_wash_sale-hint", class_name="text-12 text-ink-3"),
        field_error("report_wash_sale-error", page.problems["wash_sale"]),
    )
