"""Tax → Reports: every report by year and version, how far those are that are being made, and the form for a new one."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.tax_tabs import tax_frame
from components.ui.badge import badge, toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, icon_button, link_button
from components.ui.card import card
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.progress import progress
from components.ui.skeleton import skeleton_rows
from premium_app.pages.tax_report_form import tax_report_form
from state.shell_state import ShellState
from state.tax_reports_state import TaxReportsState

# On the class, a state's attributes are values of the page.
page: Any = TaxReportsState


def tax_reports_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "reports",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(page.loaded, _years(), rx.cond(page.limit_message == "", _waiting())),
        ),
        tax_report_form(),
        confirm_dialog(
            t("tax_reports.delete_title"),
            rx.fragment(rx.el.strong(page.deleting_name), " ", t("tax_reports.delete_text")),
            t("tax_reports.delete"),
            is_open=page.deleting_id != "",
            on_confirm=page.delete,
            on_close=page.close,
            label_id="delete-tax-report",
        ),
        shell_state=ShellState,
        action=button(t("tax_reports.new"), "primary", icon_name="plus", on_click=page.begin),
    )


def _waiting() -> rx.Component:
    return card(t("tax_reports.title"), rx.el.div(skeleton_rows(4), class_name="min-h-[192px]"))


def _years() -> rx.Component:
    return rx.cond(
        page.years.length() > 0,
        rx.fragment(
            rx.foreach(
                page.years,
                lambda year: rx.el.div(
                    card(
                        year.title,
                        rx.el.ul(
                            rx.foreach(year.reports, _report),
                            aria_label=year.title,
                            class_name="m-0 p-0 list-none",
                        ),
                    ),
                    key=year.key,
                ),
            ),
            rx.el.p(t("tax_reports.note"), " ", t("tax_reports.disclaimer"), class_name="text-12 text-ink-3"),
        ),
        card(
            t("tax_reports.title"),
            empty_state(
                "file-text",
                t("tax_reports.none_title"),
                t("tax_reports.none_text"),
                button(t("tax_reports.new"), icon_name="plus", on_click=page.begin),
                t("tax_reports.disclaimer"),
            ),
        ),
    )


def _report(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.cond(
                    item.state == "done",
                    link(item.version, to=item.page_to, class_name="text-14 font-strong hover:underline"),
                    rx.el.span(item.version, class_name="text-14 font-strong"),
                ),
                toned_badge(item.state_label, item.tone),
                rx.cond(
                    item.is_outdated, badge(t("tax_reports.outdated"), "warn", title=t("tax_reports.outdated_why"))
                ),
                rx.cond(item.open_items != "", badge(item.open_items, "warn")),
                relative_time(item.at, "num text-12 text-ink-3 whitespace-nowrap"),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.el.p(item.summary, class_name="text-13 text-ink-2 break-words"),
            rx.cond(item.is_under_way, progress(item.pct, item.progress)),
            rx.cond(item.message != "", rx.el.p(item.message, class_name="text-13 text-loss mt-1")),
            class_name="min-w-0 flex-1 basis-72",
        ),
        rx.cond(
            item.gain != "",
            rx.el.div(
                rx.el.p(t("tax_reports.gain"), class_name="text-12 text-ink-3"),
                rx.el.p(item.gain, class_name="num text-16 font-strong whitespace-nowrap"),
                class_name="md:text-right min-w-36",
            ),
        ),
        rx.el.div(
            rx.cond(item.is_under_way, button(t("tax_reports.cancel"), on_click=page.cancel(item.id))),
            rx.cond(item.state == "done", link_button(t("tax_reports.open"), item.page_to)),
            rx.cond(
                item.is_under_way,
                rx.fragment(),
                icon_button(t("tax_reports.again"), "rotate-cw", on_click=page.make_again(item.id)),
            ),
            icon_button(t("tax_reports.delete"), "trash-2", on_click=page.ask_delete(item.id)),
            class_name="flex items-center justify-end gap-1 md:min-w-40",
        ),
        key=item.id,
        class_name="flex flex-wrap items-start gap-x-6 gap-y-3 px-4 py-3 border-b border-line last:border-0",
    )
