"""The parts of a tax report's page: what it rests on, figures, income, files, changes, disposals."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.tax_tabs import has_tab
from components.tables.disposal_list import disposal_list
from components.ui.badge import badge, toned_badge
from components.ui.button import button, button_class, link_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.filter_chips import filter_chip
from components.ui.filter_fields import filter_options, filter_select
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.pdf_preview import pdf_preview
from state.tax_report_state import WINDOW, TaxReportState

page: Any = TaxReportState
_FIGURES = (Column(t("tax_report.figure")), Column(t("tax_report.amount"), end=True))
_INCOME = (
    Column(t("tax_report.income_kind")),
    Column(t("tax_report.income_count"), end=True),
    Column(t("tax_report.amount"), end=True),
)
_CHANGED_FIGURES = (
    Column(t("tax_report.figure")),
    Column(t("tax_report.before"), end=True, hide="md"),
    Column(t("tax_report.after"), end=True),
    Column(t("tax_report.difference"), end=True),
)
_CHANGED = (
    Column(t("tax_report.what")),
    Column(t("tax_report.date")),
    Column(t("tax_report.before"), end=True, hide="md"),
    Column(t("tax_report.after"), end=True),
    Column(t("tax_report.why"), hide="md"),
)


def rests() -> rx.Component:
    """Return what the report rests on: warnings and the unknown first, then what is open."""
    return card(
        t("tax_report.rests"),
        rx.el.div(
            rx.foreach(page.warnings, _warning),
            rx.cond(page.unknown != "", _warning(page.unknown)),
            rx.foreach(
                page.rests,
                lambda item: rx.el.p(
                    badge(item.count, "warn"),
                    rx.el.span(item.title, class_name="font-strong"),
                    rx.el.span(item.stake, class_name="text-ink-2"),
                    key=item.key,
                    class_name="flex flex-wrap items-center gap-2 text-13 num",
                ),
            ),
            rx.cond(
                (page.rests.length() == 0) & (page.unknown == "") & (page.warnings.length() == 0),
                rx.el.p(
                    icon("circle-check", 16, "text-gain"),
                    t("tax_report.rests_none"),
                    class_name="flex items-center gap-2 text-13 text-ink-2",
                ),
            ),
            rx.foreach(page.notes, lambda note: rx.el.p(note, class_name="text-12 text-ink-3")),
            class_name="flex flex-col gap-2 p-4",
        ),
        action=rx.cond(page.rests.length() > 0, link_button(t("tax_report.review"), "/tax/review/"))
        if has_tab("review")
        else None,
    )


def _warning(text: Any) -> rx.Component:
    return rx.el.p(
        icon("triangle-alert", 16, "text-warn shrink-0 mt-0.5"),
        rx.el.span(text, class_name="min-w-0"),
        class_name="flex items-start gap-2 text-13",
    )


def figures() -> rx.Component:
    """Return the figures of the place's schedule, with the losses that are carried."""
    return card(
        t("tax_report.figures"),
        data_table(
            t("tax_report.figures"),
            _FIGURES,
            rx.foreach(
                page.figures,
                lambda each: row(
                    cell(each.title),
                    cell(rx.el.span(each.amount, class_name="whitespace-nowrap"), end=True),
                    key=each.key,
                ),
            ),
        ),
        note=page.figures_note,
    )


def income() -> rx.Component:
    """Return income by kind; nothing where there was none."""
    return rx.cond(
        page.incomes.length() > 0,
        card(
            t("tax_report.income"),
            data_table(
                t("tax_report.income"),
                _INCOME,
                rx.foreach(
                    page.incomes,
                    lambda each: row(
                        cell(each.kind),
                        cell(
                            each.count,
                            rx.cond(each.unknown != "", rx.el.span(each.unknown, class_name="block text-12 text-warn")),
                            end=True,
                        ),
                        cell(rx.el.span(each.amount, class_name="whitespace-nowrap"), end=True),
                        key=each.key,
                    ),
                ),
            ),
        ),
    )


def files() -> rx.Component:
    """Return the files, and beside them the PDF that is shown."""
    return rx.el.div(
        card(
            t("tax_report.files"),
            rx.el.ul(rx.foreach(page.files, _file), aria_label=t("tax_report.files"), class_name="m-0 p-0 list-none"),
            note=t("tax_report.files_note"),
        ),
        rx.cond(
            page.shown_file != "",
            card(t("tax_report.preview_card"), pdf_preview(page.shown_href, page.shown_title), note=page.shown_title),
        ),
        class_name=rx.cond(
            page.shown_file != "",
            "grid gap-4 items-start lg:grid-cols-[minmax(320px,2fr)_minmax(0,3fr)]",
            "grid gap-4 items-start",
        ),
    )


def _file(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(item.title, class_name="text-13 font-strong break-words"),
            rx.el.p(
                rx.el.span(item.name, class_name="mono break-all"),
                " \u00b7 ",
                rx.el.span(item.size, class_name="num whitespace-nowrap"),
                class_name="text-12 text-ink-3",
            ),
            class_name="min-w-0 flex-1",
        ),
        rx.cond(
            item.is_pdf,
            button(
                t("tax_report.show"),
                "ghost",
                "eye",
                on_click=page.show_file(item.name),
                custom_attrs={"aria-pressed": rx.cond(page.shown_file == item.name, "true", "false")},
            ),
        ),
        document_link(
            icon("download"),
            href=item.href,
            download=True,
            title=t("tax_report.download"),
            aria_label=rx.Var.create(t("tax_report.download")).to(str) + " " + item.title,
            class_name=button_class("secondary"),
        ),
        key=item.name,
        class_name="flex items-center gap-2 px-4 py-2 border-b border-line last:border-0",
    )


def changes() -> rx.Component:
    """Return what is different from the version before, and why."""
    return card(
        page.changes_title,
        rx.el.ul(
            rx.foreach(page.changes_why, lambda why: rx.el.li(why)),
            class_name="flex flex-col gap-1 px-4 py-3 m-0 list-none text-13",
        ),
        rx.cond(
            page.changes_figures.length() > 0,
            data_table(
                t("tax_report.changes_figures"),
                _CHANGED_FIGURES,
                rx.foreach(
                    page.changes_figures,
                    lambda each: row(
                        cell(each.title),
                        cell(each.before, end=True, hide="md"),
                        cell(each.amount, end=True),
                        cell(each.difference, end=True, class_name="font-strong"),
                        key=each.key,
                    ),
                ),
            ),
        ),
        rx.cond(
            page.changes.length() > 0,
            rx.fragment(
                rx.el.p(
                    page.changes_counts,
                    " ",
                    page.changes_first,
                    class_name="num px-4 pt-4 pb-2 text-13 font-strong border-t border-line",
                ),
                rx.el.div(
                    data_table(t("tax_report.changes_disposals"), _CHANGED, rx.foreach(page.changes, _change)),
                    class_name="max-h-96 overflow-y-auto",
                ),
            ),
        ),
    )


def _change(each: Any) -> rx.Component:
    return row(
        cell(
            toned_badge(each.what, each.tone),
            " ",
            rx.el.span(each.symbol, class_name="font-strong"),
            rx.el.p(each.why, class_name="md:hidden text-12 text-ink-2 mt-1"),
        ),
        cell(each.day, class_name="num whitespace-nowrap"),
        cell(rx.el.span(each.before, class_name="whitespace-nowrap"), end=True, hide="md"),
        cell(rx.el.span(each.after, class_name="whitespace-nowrap"), end=True),
        cell(each.why, hide="md", class_name="text-ink-2"),
        key=each.key,
    )


def disposals() -> rx.Component:
    """Return every disposal, with filters; a row opens its lots and its computation in words."""
    return card(
        t("tax_report.disposals"),
        rx.cond(
            page.all_disposals > 0,
            rx.el.div(
                filter_select(
                    t("tax_report.any_asset"), filter_options(page.asset_options), page.filter_asset, page.change_asset
                ),
                filter_chip(t("tax_report.open_only"), page.open_to, page.filter_open),
                rx.cond(page.is_filtered, link_button(t("tax_report.clear"), page.report.page_to, "ghost")),
                role="group",
                aria_label=t("tax_report.filters"),
                class_name="flex flex-wrap items-center gap-3 px-4 py-2 border-b border-line",
            ),
        ),
        rx.cond(
            page.total > 0,
            disposal_list(page, WINDOW),
            rx.cond(
                page.is_filtered,
                empty_state("filter-x", t("tax_report.disposals_no_match"), t("tax_report.disposals_no_match_text")),
                empty_state("file-check", t("tax_report.disposals_none"), t("tax_report.disposals_none_text")),
            ),
        ),
        action=rx.cond(
            page.all_disposals > 0,
            rx.el.div(
                *[
                    document_link(
                        icon("download"),
                        form.upper(),
                        href=page.audit_href + f"&format={form}",
                        download=True,
                        aria_label=t(f"tax_report.audit_{form}"),
                        title=t(f"tax_report.audit_{form}"),
                        class_name=button_class("secondary"),
                    )
                    for form in ("csv", "json")
                ],
                class_name="flex gap-2",
            ),
        ),
        note=page.disposals_note,
    )
