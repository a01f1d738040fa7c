"""Tax → one report: its figures and what they rest on, files with a preview, every disposal, what changed."""

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
from components.ui.icon import icon
from components.ui.kpi_tile import kpi_four, kpi_skeleton, kpi_tile
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.progress import progress
from components.ui.skeleton import skeleton, skeleton_rows
from premium_app.pages.tax_report_parts import changes, disposals, figures, files, income, rests
from state.shell_state import ShellState
from state.tax_report_state import TaxReportState

# On the class, a state's attributes are values of the page.
page: Any = TaxReportState


def tax_report_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "reports",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(
                page.loaded,
                rx.cond(page.missing, _missing(), _report()),
                rx.cond(page.limit_message == "", _waiting()),
            ),
        ),
        confirm_dialog(
            t("tax_reports.delete_title"),
            rx.fragment(rx.el.strong(page.name, ", ", page.report.version), " ", t("tax_reports.delete_text")),
            t("tax_reports.delete"),
            is_open=page.is_deleting,
            on_confirm=page.delete,
            on_close=page.close,
            label_id="delete-tax-report",
        ),
        shell_state=ShellState,
    )


def _report() -> rx.Component:
    return rx.fragment(
        _head(),
        rx.cond(
            page.is_done,
            rx.fragment(
                rests(),
                kpi_four(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False))),
                files(),
                rx.cond(page.has_changes, changes()),
                rx.el.div(figures(), income(), class_name="grid gap-4 items-start lg:grid-cols-2"),
                disposals(),
                rx.el.p(t("tax_reports.disclaimer"), class_name="text-12 text-ink-3"),
            ),
            _not_done(),
        ),
    )


def _head() -> rx.Component:
    return rx.el.header(
        rx.el.div(
            link(icon("arrow-left"), t("tax_report.back"), to="/tax/reports/", class_name=_BACK),
            rx.el.h1(page.name, class_name="text-20 font-strong tracking-tight break-words"),
            rx.el.p(
                rx.el.span(page.report.version, class_name="font-strong"),
                toned_badge(page.report.state_label, page.report.tone),
                rx.cond(
                    page.report.is_outdated,
                    badge(t("tax_reports.outdated"), "warn", title=t("tax_reports.outdated_why")),
                ),
                rx.el.span(page.report.summary, class_name="text-ink-2"),
                class_name="flex flex-wrap items-center gap-2 text-13 mt-1",
            ),
            rx.el.p(
                rx.el.span(t("tax_report.made"), " ", relative_time(page.report.at)),
                rx.cond(
                    page.is_done,
                    rx.fragment(
                        rx.el.span(t("tax_report.engine"), " ", page.engine),
                        rx.el.span(
                            t("tax_report.input"),
                            " ",
                            rx.el.code(page.input_short, title=page.input_hash, class_name="mono"),
                            title=t("tax_report.input_hint"),
                        ),
                    ),
                ),
                class_name="flex flex-wrap items-center gap-x-4 gap-y-1 num text-12 text-ink-3 mt-1",
            ),
            class_name="min-w-0 flex-1 max-md:basis-full",
        ),
        rx.el.div(
            rx.cond(
                page.report.is_under_way,
                rx.fragment(),
                button(t("tax_reports.again"), "primary", "rotate-cw", on_click=page.make_again),
            ),
            icon_button(t("tax_reports.delete"), "trash-2", on_click=page.ask_delete),
            class_name="flex items-center gap-2",
        ),
        class_name="flex flex-wrap items-start justify-between gap-4",
    )


_BACK = "inline-flex items-center gap-1.5 text-13 text-ink-2 hover:text-ink max-md:min-h-11"


def _not_done() -> rx.Component:
    """What stands in place of a report that is being made, or was not made."""
    return rx.cond(
        page.report.is_under_way,
        card(
            t("tax_report.under_way"),
            rx.el.div(
                progress(page.report.pct, page.report.progress),
                rx.el.p(t("tax_report.under_way_text"), class_name="text-13 text-ink-2 mt-3"),
                class_name="p-4",
            ),
            action=button(t("tax_reports.cancel"), on_click=page.cancel),
        ),
        card(
            t("tax_report.not_made"),
            empty_state("file-x", page.report.state_label, page.report.message),
        ),
    )


def _missing() -> rx.Component:
    return card(
        t("tax_report.missing"),
        empty_state(
            "search-x",
            t("tax_report.missing"),
            t("tax_report.missing_text"),
            link_button(t("tax_report.back"), "/tax/reports/"),
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.span(t("state.loading"), class_name="sr-only"),
        skeleton("h-24 w-1/2"),
        card(t("tax_report.rests"), skeleton_rows(2)),
        kpi_four(*[kpi_skeleton(is_tall=False) for _ in range(4)]),
        card(t("tax_report.files"), skeleton_rows(8)),
        card(t("tax_report.disposals"), skeleton_rows(8)),
    )
