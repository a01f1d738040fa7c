"""Tax → Import: a file from the upload to the result, and the files that were imported before."""

from typing import Any

import reflex as rx

from backend.tax.imports.schemas import MAX_FILE_BYTES
from backend.tax.imports.service import SOURCES
from components.i18n import t
from components.layout.tax_tabs import has_tab, tax_frame
from components.ui.badge import toned_badge
from components.ui.browser import Modal, relative_time
from components.ui.button import button, icon_button, link_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.file_drop import file_drop
from components.ui.icon import icon
from components.ui.link import document_link, link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from components.ui.steps import steps
from components.ui.ticker import ticker
from premium_app.pages.tax_import_check import check_file
from state.shell_state import ShellState
from state.tax_import_state import ADDRESS, TaxImportState

# On the class, a state's attributes are values of the page.
page: Any = TaxImportState

_COLUMNS = (
    Column(t("tax_import.file"), width="w-1/3"),
    Column(t("tax_import.state")),
    Column(t("tax_import.brought_head"), hide="md"),
    Column(t("tax_import.when"), hide="lg"),
    Column(t("wallets.column_actions"), screen_reader_only=True),
)


def tax_import_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "import",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(
                page.loaded & (page.step != ""),
                _file(),
                rx.cond((page.limit_message == "") | page.loaded, rx.fragment(_upload(), _imports(), _wallets())),
            ),
        ),
        _undo(),
        shell_state=ShellState,
    )


def _upload() -> rx.Component:
    megabytes = MAX_FILE_BYTES // 1024**2
    return card(
        t("tax_import.title"),
        rx.el.div(
            file_drop(
                t("tax_import.drop"),
                t("tax_import.drop_text", megabytes=megabytes),
                url="/v1/tax/transactions/import",
                accept=".csv,.txt,.tsv,text/csv,text/plain",
                max_megabytes=megabytes,
                on_done=page.opened,
            ),
            rx.el.details(
                rx.el.summary(t("tax_import.where"), class_name="cursor-pointer text-13 text-accent py-2"),
                rx.el.dl(
                    *[
                        part
                        for source in SOURCES.values()
                        for part in (
                            rx.el.dt(source.title, class_name="font-strong"),
                            rx.el.dd(source.hint, class_name="text-ink-2 mb-2"),
                        )
                    ],
                    class_name="text-13 md:grid md:grid-cols-[12rem_minmax(0,1fr)] md:gap-x-4",
                ),
            ),
            rx.el.p(
                t("tax_import.template_before"),
                " ",
                document_link(
                    t("tax_import.template"),
                    href="/templates/tax-transactions.csv",
                    download=True,
                    class_name="text-accent underline underline-offset-2",
                ),
                " ",
                t("tax_import.template_after"),
                class_name="text-13 text-ink-2",
            ),
            class_name="flex flex-col gap-3 p-4",
        ),
        note=t("tax_import.title_note"),
    )


def _imports() -> rx.Component:
    return card(
        t("tax_import.imports"),
        rx.el.div(
            rx.cond(
                page.loaded,
                rx.cond(
                    page.imports.length() > 0,
                    data_table(t("tax_import.imports"), _COLUMNS, rx.foreach(page.imports, _import)),
                    empty_state("files", t("tax_import.none_title"), t("tax_import.none_text")),
                ),
                skeleton_rows(3),
            ),
            class_name="min-h-44",  # of what is empty: what stands below keeps its place
        ),
        note=rx.cond(page.room != "", page.room, "\u00a0"),
    )


def _import(item: Any) -> rx.Component:
    return row(
        cell(
            rx.cond(
                item.page_to != "",
                link(item.name, to=item.page_to, class_name="text-accent hover:underline underline-offset-2 break-all"),
                rx.el.span(item.name, class_name="break-all"),
            ),
            rx.el.span(item.source, class_name="block text-12 text-ink-3 break-words"),
            rx.el.span(item.counts, class_name="md:hidden block text-12 text-ink-2 num"),
            class_name="min-w-40",
        ),
        cell(toned_badge(item.state_label, item.tone)),
        cell(item.counts, hide="md", class_name="num text-ink-2"),
        cell(relative_time(item.at, "num text-ink-2 whitespace-nowrap"), hide="lg"),
        cell(
            rx.match(
                item.state,
                ("committed", icon_button(t("tax_import.undo"), "undo-2", on_click=page.ask_undo(item.id))),
                ("preview", icon_button(t("tax_import.discard"), "trash-2", on_click=page.ask_undo(item.id))),
                icon_button(t("tax_import.remove"), "x", on_click=page.ask_undo(item.id)),
            ),
            class_name="text-right",
        ),
        key=item.id,
    )


def _wallets() -> rx.Component:
    return card(
        t("tax_import.wallets"),
        rx.el.div(
            rx.el.p(t("tax_import.wallets_text"), class_name="flex-1 min-w-56 text-13 text-ink-2"),
            link_button(t("tax_import.wallets_add"), "/portfolio/wallets/", icon_name="wallet"),
            button(t("tax_import.wallets_take"), icon_name="refresh-cw", on_click=page.take_wallets),
            class_name="flex flex-wrap items-center gap-3 p-4",
        ),
    )


def _file() -> rx.Component:
    """One file, in the step that it is in."""
    names = [(key, t(f"tax_import.step_{key}")) for key in ("upload", "check", "work", "done")]
    done: dict[str, Any] = {
        "upload": True,
        "check": (page.step == "done") | ((page.step == "work") & page.is_importing),
        "work": page.step == "done",
        "done": False,
    }
    current = rx.cond((page.step == "work") & ~page.is_importing, "check", page.step)
    return rx.fragment(
        rx.el.div(
            steps(t("tax_import.steps"), names, current, done),
            link_button(t("tax_import.back"), ADDRESS, "ghost", "arrow-left"),
            class_name="flex flex-wrap items-center justify-between gap-3",
        ),
        rx.match(page.step, ("work", _work()), ("done", _done()), check_file()),
    )


def _work() -> rx.Component:
    return card(
        page.file_name,
        rx.el.div(
            ticker(page.follow),
            rx.el.progress(value=page.work_percent, max=100, aria_label=page.work_text, class_name="progress w-full"),
            rx.el.div(
                rx.el.span(page.work_text, class_name="text-13", role="status"),
                rx.el.span(page.work_left, class_name="num text-13 text-ink-3"),
                button(t("tax_import.stop"), on_click=page.stop),
                class_name="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 mt-3",
            ),
            class_name="p-4",
        ),
        note=t("tax_import.work_note"),
    )


def _done() -> rx.Component:
    return rx.fragment(
        card(
            page.file_name,
            rx.el.div(
                icon("circle-check-big", 24, "text-gain"),
                rx.el.ul(
                    rx.foreach(page.result, lambda line: rx.el.li(line)),
                    class_name="m-0 p-0 list-none flex flex-col gap-1 text-14 num",
                ),
                class_name="flex items-start gap-3 p-4",
                role="status",
            ),
            rx.el.div(
                link_button(t("tax_import.to_transactions"), page.result_to, "primary", "list")
                if has_tab("transactions")
                else None,
                link_button(t("tax_import.to_review"), "/tax/review/", icon_name="list-checks")
                if has_tab("review")
                else None,
                link_button(t("tax_import.another"), ADDRESS, icon_name="file-up"),
                button(t("tax_import.undo"), "ghost", "undo-2", on_click=page.ask_undo(page.import_id)),
                class_name="flex flex-wrap gap-2 px-4 pb-4",
            ),
            note=page.file_note,
        ),
        rx.cond(page.fixes.length() > 0, _left_out()),
    )


def _left_out() -> rx.Component:
    """The lines that were left out, and why: they are in no figure."""
    return card(
        t("tax_import.left_out_title"),
        rx.el.ul(
            rx.foreach(
                page.fixes,
                lambda item: rx.el.li(
                    rx.el.span(t("tax_import.line"), " ", item.line, class_name="font-strong num mr-3"),
                    item.reason,
                    key=item.key,
                    class_name="px-4 py-2 text-13 border-b border-line last:border-0 break-words",
                ),
            ),
            class_name="m-0 p-0 list-none",
        ),
        rx.cond(page.fix_note != "", rx.el.p(page.fix_note, class_name="px-4 py-2 text-12 text-ink-3")),
        note=t("tax_import.left_out_note"),
    )


def _undo() -> rx.Component:
    return Modal.create(
        rx.cond(
            page.undoing_id != "",
            rx.el.div(
                rx.el.h2(
                    rx.cond(page.undoing_is_done, t("tax_import.undo_title"), t("tax_import.discard_title")),
                    id="undo-import",
                    class_name="text-16 font-strong",
                ),
                rx.el.p(
                    rx.el.strong(page.undoing_name, class_name="break-all"),
                    " ",
                    rx.cond(page.undoing_is_done, t("tax_import.undo_text"), t("tax_import.discard_text")),
                    class_name="text-14 text-ink-2 mt-2",
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=page.close),
                    button(
                        rx.cond(page.undoing_is_done, t("tax_import.undo"), t("tax_import.discard")),
                        "danger",
                        on_click=page.undo,
                    ),
                    class_name="flex justify-end gap-2 mt-5",
                ),
                class_name="p-5",
            ),
        ),
        open=page.undoing_id != "",
        on_close=page.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "undo-import"},
    )
