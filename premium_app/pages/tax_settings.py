"""Tax settings: whose rules, which methods, what counts as a disposal, and the official forms that reports fill in."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.tax_tabs import tax_frame
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.error_panel import error_panel
from components.ui.field import INPUT, field_error, text_field
from components.ui.file_drop import file_drop
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton, skeleton_rows
from components.ui.switch import switch
from state.shell_state import ShellState
from state.tax_filer_state import TaxFilerState
from state.tax_settings_state import TaxSettingsState

# On the class, a state's attributes are values of the page.
page: Any = TaxSettingsState
filer: Any = TaxFilerState

_FORMS = (
    Column(t("tax_settings.form_year")),
    Column("Form 8949", width="w-5/12"),
    Column("Schedule D", width="w-5/12"),
)
_GRID = "grid gap-4 md:grid-cols-2 xl:grid-cols-3 items-start p-4"


def tax_settings_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "settings",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(
                page.limit_message == "",
                rx.cond(
                    page.loaded,
                    rx.fragment(_rules(), _methods(), _treatments(), _filer(), _wallets(), _forms()),
                    _loading(),
                ),
            ),
        ),
        shell_state=ShellState,
        action=_save(),
    )


def _loading() -> rx.Component:
    """What is on its way, as high as it will be where nothing was chosen yet.

    Card for card in the order of the page: React keeps the first for the first, and nothing counts as moved.
    """
    field = rx.el.div(
        skeleton("h-5 w-28 mb-1"), skeleton("h-9 max-md:h-11 w-full"), skeleton("h-4 w-48 max-w-full mt-1")
    )
    return rx.fragment(
        card(t("tax_settings.rules"), rx.el.div(field, field, field, class_name=_GRID), note=skeleton("h-4 w-56")),
        card(
            t("tax_settings.methods"),
            rx.el.div(
                skeleton("h-5 w-72 max-w-full"),
                skeleton("h-9 max-md:h-11 w-40"),
                field,
                class_name="flex flex-col gap-3 p-4 max-w-2xl",
            ),
            rx.el.div(skeleton("h-4 w-64 max-w-full"), class_name="border-t border-line px-4 py-3"),
            note=t("tax_settings.methods_note"),
        ),
        card(t("tax_settings.treatments"), skeleton_rows(5), note=t("tax_settings.treatments_note")),
        rx.el.span(t("state.loading"), role="status", class_name="sr-only"),
    )


def _save() -> rx.Component:
    """The one action; beside it whether there is something to save."""
    return rx.el.div(
        rx.el.p(
            rx.cond(page.is_changed, t("tax_settings.unsaved"), ""),
            role="status",
            class_name="text-13 text-warn font-strong",
        ),
        rx.cond(page.is_changed, button(t("tax_settings.undo"), on_click=page.undo)),
        button(t("wallets.save"), "primary", on_click=page.save, disabled=~page.is_changed),
        class_name="flex flex-wrap items-center justify-end gap-3",
    )


def _select(name: str, label: str, value: Any, options: list[Any], on_change: Any, hint: Any = None) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="block text-13 font-strong mb-1"),
        rx.el.select(*options, id=name, value=value, on_change=on_change, class_name=INPUT),
        rx.el.p(hint, class_name="text-12 text-ink-3 mt-1") if hint is not None else None,
        field_error(f"{name}-error", page.errors[name]),
    )


def _options(options: Any) -> list[Any]:
    return [rx.foreach(options, lambda option: rx.el.option(option.text, value=option.value))]


def _rules() -> rx.Component:
    return card(
        t("tax_settings.rules"),
        rx.el.div(
            _select(
                "jurisdiction", t("tax_settings.place"), page.place, _options(page.places), page.change_place, page.place_note
            ),
            _select(
                "currency", t("tax_settings.currency"), page.currency, _options(page.currencies),
                page.change("currency"), t("tax_settings.currency_hint"),
            ),
            rx.el.div(
                rx.el.label(t("tax_settings.timezone"), html_for="timezone", class_name="block text-13 font-strong mb-1"),
                rx.el.input(
                    id="timezone", default_value=page.timezone, key=page.draft_key.to_string(), placeholder=page.timezone_hint, on_change=page.change("timezone"),
                    auto_complete="off", spell_check=False, max_length=64, class_name=INPUT,
                    custom_attrs={"aria-describedby": "timezone-error"},
                ),
                rx.el.p(t("tax_settings.timezone_hint"), class_name="text-12 text-ink-3 mt-1"),
                field_error("timezone-error", page.errors["timezone"]),
            ),
            class_name=_GRID,
        ),
        note=rx.cond(
            page.changed_at != "",
            rx.fragment(t("tax_settings.changed"), " ", relative_time(page.changed_at), "."),
            t("tax_settings.never_changed"),
        ),
    )  # fmt: skip


def _methods() -> rx.Component:
    return card(
        t("tax_settings.methods"),
        rx.el.div(
            rx.cond(
                page.methods.length() == 0,
                rx.el.p(t("tax_settings.usual"), " ", rx.el.strong(page.usual), ".", class_name="text-14"),
            ),
            rx.foreach(page.methods, _method),
            field_error("methods-error", page.errors["methods"]),
            rx.el.div(
                button(t("tax_settings.add_method"), icon_name="plus", on_click=page.add_method), class_name="mt-1"
            ),
            rx.cond(
                page.wallet_options.length() > 1,
                _select(
                    "per_wallet",
                    t("tax_settings.per_wallet"),
                    page.per_wallet,
                    _options(page.wallet_options),
                    page.change("per_wallet"),
                    page.per_wallet_note,
                ),
                rx.el.p(page.per_wallet_note, class_name="text-13 text-ink-2"),
            ),
            class_name="flex flex-col gap-3 p-4 max-w-2xl",
        ),
        rx.cond(page.refused.length() > 0, _refused()),
        note=t("tax_settings.methods_note"),
    )


def _method(item: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span(t("tax_settings.from_year"), class_name="text-13 text-ink-2"),
            rx.el.input(
                default_value=item.year, on_change=page.change_method(item.key, "year"), input_mode="numeric", max_length=4,
                class_name=f"{INPUT} num max-w-24",
            ),
            class_name="inline-flex items-center gap-2",
        ),
        rx.el.select(
            *_options(page.allowed),
            value=item.method,
            on_change=page.change_method(item.key, "method"),
            aria_label=t("tax_settings.method"),
            class_name=f"{INPUT} min-w-48 flex-1",
        ),
        icon_button(t("tax_settings.remove_method"), "trash-2", on_click=page.remove_method(item.key)),
        key=item.key,
        class_name="flex flex-wrap items-center gap-3",
    )  # fmt: skip


def _refused() -> rx.Component:
    return rx.el.details(
        rx.el.summary(t("tax_settings.refused"), class_name="cursor-pointer text-13 text-accent px-4 py-2"),
        rx.el.dl(
            rx.foreach(
                page.refused,
                lambda item: rx.el.div(
                    rx.el.dt(item.title, class_name="font-strong"),
                    rx.el.dd(item.why, class_name="text-ink-2"),
                    key=item.title,
                    class_name="py-2 border-b border-line last:border-0",
                ),
            ),
            class_name="text-13 px-4 pb-3",
        ),
        class_name="border-t border-line",
    )


def _treatments() -> rx.Component:
    return card(
        t("tax_settings.treatments"),
        rx.el.div(
            switch(
                t("tax_settings.liquidity"), t("tax_settings.liquidity_text"),
                is_on=page.liquidity_is_disposal, on_click=page.switch("liquidity_is_disposal"),
            ),
            switch(
                t("tax_settings.lending"), t("tax_settings.lending_text"),
                is_on=page.lending_is_disposal, on_click=page.switch("lending_is_disposal"),
            ),
            rx.cond(
                page.has_wash_sales,
                rx.el.div(
                    switch(
                        t("tax_settings.wash"), t("tax_settings.wash_text"),
                        is_on=page.wash_sales, on_click=page.switch("wash_sales"),
                    ),
                    field_error("wash_sales-error", page.errors["wash_sales"]),
                ),
            ),
            rx.cond(page.has_separate, _separate()),
            class_name="divide-y divide-line",
        ),
        note=t("tax_settings.treatments_note"),
    )  # fmt: skip


def _separate() -> rx.Component:
    return rx.el.div(
        rx.el.label(t("tax_settings.separate"), html_for="separate_years", class_name="block text-14 font-strong"),
        rx.el.p(t("tax_settings.separate_text"), class_name="text-13 text-ink-2 mb-2"),
        rx.el.input(
            id="separate_years",
            default_value=page.separate_years,
            key=page.draft_key.to_string(),
            on_change=page.change("separate_years"),
            placeholder=t("tax_settings.separate_example"),
            auto_complete="off",
            max_length=200,
            class_name=f"{INPUT} num max-w-80",
            custom_attrs={"aria-describedby": "separate_years-error"},
        ),
        field_error("separate_years-error", page.errors["separate_years"]),
        class_name="px-4 py-3",
    )


def _filer() -> rx.Component:
    """Who files: kept at once, apart from the draft."""
    return card(
        t("tax_settings.filer"),
        rx.cond(
            filer.loaded,
            rx.el.form(
                text_field(
                    t("tax_settings.filer_name"),
                    "filer_name",
                    filer.name_error,
                    t("tax_settings.filer_name_hint"),
                    default_value=filer.name,
                    max_length=120,
                    auto_complete="off",
                ),
                rx.el.div(
                    rx.el.label(
                        filer.number_title, html_for="filer_tax_id", class_name="block text-13 font-strong mb-1"
                    ),
                    rx.el.input(
                        id="filer_tax_id",
                        name="filer_tax_id",
                        placeholder=filer.number_hint,
                        max_length=32,
                        auto_complete="off",
                        spell_check=False,
                        class_name=f"{INPUT} num",
                        custom_attrs={
                            "aria-describedby": "filer_tax_id-hint filer_tax_id-error",
                            "aria-invalid": rx.cond(filer.number_error != "", "true", "false"),
                        },
                    ),
                    rx.el.p(
                        rx.cond(
                            filer.number_hint != "",
                            rx.fragment(t("tax_settings.filer_number_kept"), " ", filer.number_hint),
                            t("tax_settings.filer_number_none"),
                        ),
                        id="filer_tax_id-hint",
                        class_name="text-12 text-ink-3 mt-1",
                    ),
                    field_error("filer_tax_id-error", filer.number_error),
                ),
                rx.el.div(
                    button(t("tax_settings.filer_save"), type="submit"),
                    rx.cond(
                        filer.number_hint != "",
                        button(t("tax_settings.filer_forget"), "ghost", on_click=filer.forget_number),
                    ),
                    class_name="flex flex-wrap gap-2 md:col-span-2",
                ),
                on_submit=filer.save,
                key=filer.form_key.to_string(),
                class_name="grid gap-4 md:grid-cols-2 items-start p-4 max-w-3xl",
            ),
            rx.el.div(skeleton_rows(2), class_name="min-h-32"),
        ),
        note=rx.fragment(t("tax_settings.filer_note"), " ", filer.place_name, ". ", t("tax_settings.filer_note_more")),
    )


def _wallets() -> rx.Component:
    return card(
        t("tax_settings.excluded"),
        rx.el.div(
            rx.cond(
                page.wallets.length() > 0,
                rx.el.ul(rx.foreach(page.wallets, _wallet), class_name="list-none m-0 p-0 flex flex-col gap-1"),
                rx.el.p(t("tax_settings.excluded_none"), class_name="text-13 text-ink-2"),
            ),
            rx.el.form(
                text_field(t("tax_settings.excluded_add"), "excluded_wallet", page.errors["excluded_wallets"], auto_complete="off",
                           spell_check=False, max_length=120),
                rx.el.div(button(t("tax_settings.exclude"), icon_name="plus", type="submit"), class_name="md:pt-6"),
                on_submit=page.add_wallet,
                key=page.wallet_key.to_string(),
                class_name="grid gap-3 md:grid-cols-[minmax(0,1fr)_auto] items-start max-w-2xl",
            ),
            class_name="flex flex-col gap-3 p-4",
        ),
        note=t("tax_settings.excluded_note"),
    )  # fmt: skip


def _wallet(name: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(name, class_name="text-13 break-all"),
        icon_button(t("tax_settings.include"), "x", on_click=page.remove_wallet(name)),
        key=name,
        class_name="flex items-center gap-2",
    )


def _forms() -> rx.Component:
    return card(
        t("tax_settings.forms"),
        rx.el.div(
            file_drop(
                t("tax_settings.form_drop"),
                t("tax_settings.form_drop_text"),
                url="/v1/tax/forms",
                accept=".pdf,application/pdf",
                max_megabytes=1,
                on_done=page.form_added,
            ),
            field_error("form-error", page.form_error),
            class_name="flex flex-col gap-2 p-4",
        ),
        data_table(t("tax_settings.forms"), _FORMS, rx.foreach(page.form_rows, _form_row)),
        note=t("tax_settings.forms_note"),
    )


def _form_row(item: Any) -> rx.Component:
    return row(
        cell(item.year, class_name="num"),
        cell(_form_cell(item.form_8949, item.year)),
        cell(_form_cell(item.schedule_d, item.year)),
        key=item.year,
    )


def _form_cell(form: Any, year: Any) -> rx.Component:
    """Whether a form is here, and the way to have or to remove it; which one is said to who cannot see the table."""
    which = rx.el.span(form.title, " ", year, class_name="sr-only")
    return rx.cond(
        form.is_here,
        rx.el.span(
            badge(t("tax_settings.form_here"), "gain"),
            rx.el.span(form.about, class_name="text-12 text-ink-3"),
            icon_button(t("tax_settings.form_remove"), "trash-2", on_click=page.remove_form(form.id)),
            which,
            class_name="inline-flex flex-wrap items-center gap-2",
        ),
        rx.cond(
            page.can_download,
            button(
                rx.fragment(t("tax_settings.form_download"), which),
                icon_name="download",
                on_click=page.download(form.id),
            ),
            rx.el.span(t("tax_settings.form_missing"), which, class_name="text-13 text-ink-3"),
        ),
    )
