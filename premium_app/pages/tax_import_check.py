"""Tax → Import, the step that looks at a file: what it is, lines to correct, all lines, and the word to import."""

from typing import Any
from zoneinfo import available_timezones

import reflex as rx

from backend.tax.imports.service import SOURCES
from components.i18n import t
from components.tables.import_list import import_list
from components.ui.button import button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.field import INPUT, checkbox, field_error, text_field
from components.ui.icon import icon
from components.ui.segmented_links import segmented_links
from state.tax_import_state import WINDOW, TaxImportState
from state.view_models import Option

# On the class, a state's attributes are values of the page.
page: Any = TaxImportState
_SOURCES = rx.Var.create([Option(name, about.title) for name, about in SOURCES.items()])
_DATE_ORDERS = (("day_first", "day_first"), ("month_first", "month_first"))
_DECIMAL_MARKS = (("point", "."), ("comma", ","))
_AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
_ZONES = rx.Var.create(["UTC", *sorted(zone for zone in available_timezones() if zone.startswith(_AREAS))])


def check_file() -> rx.Component:
    """Return the step."""
    return rx.fragment(
        rx.cond(
            page.problem != "", _notice(page.problem, button(t("tax_import.read_again"), on_click=page.read_again))
        ),
        rx.cond(page.warning != "", _notice(page.warning)),
        rx.cond(page.twice != "", _told(page.twice)),
        _what(),
        rx.cond(
            page.needs_mapping,
            _mapping(),
            rx.fragment(rx.cond(page.fixes.length() > 0, _fixes()), _lines(), _decision()),
        ),
    )


def _notice(text: Any, action: rx.Component | None = None) -> rx.Component:
    return rx.el.div(
        icon("triangle-alert", 16, "text-warn mt-0.5"),
        rx.el.p(text, class_name="flex-1 min-w-48 text-13"),
        action,
        role="alert",
        class_name="flex flex-wrap items-center gap-3 p-3 border border-line-strong rounded-8 bg-warn-ground",
    )


def _told(text: Any) -> rx.Component:
    """Something good to know, of which nothing has to be done."""
    return rx.el.div(
        icon("info", 16, "text-accent mt-0.5"),
        rx.el.p(text, class_name="flex-1 min-w-48 text-13"),
        role="status",
        class_name="flex flex-wrap items-center gap-3 p-3 border border-line rounded-8 bg-surface",
    )


def _select(label: str, name: str, options: Any, value: Any, on_change: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="block text-13 font-strong mb-1"),
        rx.el.select(options, id=name, name=name, value=value, on_change=on_change, class_name=INPUT),
        class_name="min-w-0",
    )


def _options(options: Any) -> rx.Component:
    return rx.foreach(options, lambda option: rx.el.option(option.text, value=option.value))


def _what() -> rx.Component:
    return card(
        page.file_name,
        rx.el.div(
            _select(t("tax_import.source"), "import_source", _options(_SOURCES), page.source, page.change_source),
            text_field(
                t("tax_import.account"),
                "import_account",
                page.account_error,
                default_value=page.account,
                key=page.account,
                on_blur=page.change_account,
                max_length=80,
                auto_complete="off",
            ),
            _select(
                t("tax_import.timezone"),
                "import_timezone",
                rx.foreach(_ZONES, lambda zone: rx.el.option(zone, value=zone)),
                page.timezone,
                page.change_timezone,
            ),
            class_name="grid gap-4 md:grid-cols-3 items-start p-4",
        ),
        rx.cond(
            ~page.needs_mapping,
            rx.el.details(
                rx.el.summary(t("tax_import.mapping_open"), class_name="cursor-pointer text-13 text-accent"),
                _mapping_form(),
                class_name="px-4 pb-4",
            ),
        ),
        action=button(t("tax_import.discard"), "ghost", "trash-2", on_click=page.ask_undo(page.import_id)),
        note=page.file_note,
    )


def _mapping() -> rx.Component:
    return card(
        t("tax_import.mapping_title"),
        rx.el.div(_mapping_form(), class_name="px-4 pb-4"),
        note=t("tax_import.mapping_note"),
    )


def _mapping_form() -> rx.Component:
    return rx.el.form(
        rx.cond(page.source == "generic", _columns()),
        rx.el.div(
            _select_once(t("tax_import.date_order"), "date_order", page.date_order, _DATE_ORDERS),
            _select_once(t("tax_import.decimal_mark"), "decimal_mark", page.decimal_mark, _DECIMAL_MARKS),
            class_name="grid gap-4 sm:grid-cols-2 lg:grid-cols-4 pt-4",
        ),
        field_error("mapping-error", page.mapping_error),
        rx.el.div(button(t("tax_import.mapping_save"), "primary", type="submit"), class_name="pt-4"),
        on_submit=page.save_mapping,
        key=page.fix_key,
    )


def _columns() -> rx.Component:
    return rx.el.div(
        rx.foreach(
            page.mapping_fields,
            lambda field: rx.el.div(
                rx.el.label(
                    field.label,
                    rx.cond(field.is_needed, rx.el.span(" ", t("tax_import.needed"), class_name="text-ink-3")),
                    html_for=f"map-{field.name}",
                    class_name="block text-13 font-strong mb-1",
                ),
                rx.el.select(
                    rx.el.option(t("tax_import.no_column"), value=""),
                    _options(page.columns),
                    id=f"map-{field.name}",
                    name=field.name,
                    default_value=field.value,
                    class_name=INPUT,
                ),
            ),
        ),
        class_name="grid gap-4 sm:grid-cols-2 lg:grid-cols-4 pt-4",
    )


def _select_once(label: str, name: str, value: Any, choices: tuple[tuple[str, str], ...]) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"map-{name}", class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            rx.el.option(t("tax_import.as_found"), value=""),
            *[rx.el.option(t(f"tax_import.{name}_{word}"), value=choice) for word, choice in choices],
            id=f"map-{name}",
            name=name,
            default_value=value,
            class_name=INPUT,
        ),
    )


def _fixes() -> rx.Component:
    """The lines that cannot be read, with a field for each cell that is to blame."""
    return card(
        t("tax_import.fix_title"),
        rx.el.form(
            rx.el.ul(rx.foreach(page.fixes, _fix), class_name="m-0 p-0 list-none"),
            rx.el.div(
                button(t("tax_import.fix_save"), type="submit", icon_name="check"),
                rx.el.span(page.fix_note, class_name="text-12 text-ink-3"),
                class_name="flex flex-wrap items-center gap-3 px-4 py-3",
            ),
            on_submit=page.fix,
            key=page.fix_key,
        ),
        note=t("tax_import.fix_text"),
    )


def _fix(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(t("tax_import.line"), " ", item.line, class_name="text-13 font-strong num"),
            rx.el.p(item.reason, id=f"why-{item.key}", class_name="text-13 text-loss break-words"),
            class_name="min-w-0 md:w-80 md:shrink-0",
        ),
        rx.el.div(
            rx.cond(
                item.blamed.length() > 0,
                rx.el.div(rx.foreach(item.blamed, _cell), class_name="grid gap-3 sm:grid-cols-2 lg:grid-cols-3"),
            ),
            rx.cond(
                item.others.length() > 0,
                rx.el.details(
                    rx.el.summary(t("tax_import.fix_others"), class_name="cursor-pointer text-12 text-accent py-1"),
                    rx.el.div(
                        rx.foreach(item.others, _cell), class_name="grid gap-3 sm:grid-cols-2 lg:grid-cols-3 pt-1"
                    ),
                ),
            ),
            class_name="min-w-0 flex-1 flex flex-col gap-2",
        ),
        key=item.key,
        class_name="flex flex-col md:flex-row gap-x-6 gap-y-2 px-4 py-3 border-b border-line",
    )


def _cell(field: Any) -> rx.Component:
    return rx.el.label(
        rx.el.span(field.label, class_name="block text-12 text-ink-2 mb-1 break-words"),
        rx.el.input(
            name=field.name,
            default_value=field.value,
            max_length=500,
            spell_check=False,
            auto_complete="off",
            class_name=INPUT,
            custom_attrs={"aria-describedby": field.error_id},
        ),
        class_name="block min-w-0",
    )


def _lines() -> rx.Component:
    return card(
        t("tax_import.lines"),
        rx.cond(
            page.total > 0,
            import_list(page, WINDOW),
            empty_state("file-question", t("tax_import.no_lines"), t("tax_import.no_lines_text")),
        ),
        action=rx.el.div(
            segmented_links(t("tax_import.show"), page.chips), class_name="min-w-0 max-w-full overflow-x-auto"
        ),
        note=t("tax_import.lines_note"),
    )


def _decision() -> rx.Component:
    """What is to be said before the file is imported; it stays in view at the foot of the page."""
    return rx.el.section(
        rx.cond(
            page.fix_count > 0,
            checkbox(
                page.leave_out_label,
                "leave_out",
                default_checked=page.leaves_out,
                key=page.fix_key,
                on_change=page.leave_out,
            ),
        ),
        rx.el.p(
            rx.cond(
                page.nothing_new,
                t("tax_import.nothing_new"),
                rx.cond((page.fix_count > 0) & ~page.leaves_out, t("tax_import.decide"), t("tax_import.all_or_none")),
            ),
            class_name="flex-1 min-w-56 text-13 text-ink-2",
        ),
        button(
            page.import_label,
            "primary",
            icon_name="download",
            on_click=page.commit,
            disabled=page.nothing_new | ((page.fix_count > 0) & ~page.leaves_out),
        ),
        aria_label=t("tax_import.decision"),
        class_name=(
            "md:sticky md:bottom-0 z-2 flex flex-wrap items-center gap-x-4 gap-y-2 p-4 border border-line-strong"
            " rounded-8 bg-surface"
        ),
    )
