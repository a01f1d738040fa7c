"""The sale that is only thought of: its form, and what it would come to."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.field import INPUT, field_error, text_field
from state.tax_optimisation_state import TaxOptimisationState

page: Any = TaxOptimisationState

_LINES = (
    Column(t("optimisation.acquired")),
    Column(t("optimisation.amount"), end=True),
    Column(t("optimisation.cost"), end=True, hide="md"),
    Column(t("optimisation.proceeds"), end=True, hide="md"),
    Column(t("optimisation.gain"), end=True),
    Column(t("optimisation.term")),
)
_CHANGES = (
    Column(t("optimisation.figure")),
    Column(t("optimisation.before"), end=True),
    Column(t("optimisation.after"), end=True),
)
_TONES = {"gain": "text-gain", "loss": "text-loss"}


def toned(text: Any, tone: Any) -> rx.Component:
    """Return an amount in the colour of its sign, which it has too."""
    return rx.el.span(text, class_name=rx.match(tone, *[(name, f"num {css}") for name, css in _TONES.items()], "num"))


def what_if_card() -> rx.Component:
    """Return the form and, once it was sent, the result."""
    return rx.el.div(
        card(
            t("optimisation.what_if"),
            rx.cond(
                page.holdings.length() > 0,
                rx.fragment(_form(), rx.cond(page.has_result, _result())),
                empty_state("wallet", t("optimisation.nothing_held"), t("optimisation.nothing_held_text")),
            ),
            note=t("optimisation.what_if_note"),
        ),
        id="what-if",
        class_name="scroll-mt-16",
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            rx.el.div(
                rx.el.label(t("optimisation.holding"), html_for="holding", class_name="block text-13 font-strong mb-1"),
                rx.el.select(
                    rx.foreach(page.holdings, lambda option: rx.el.option(option.text, value=option.value)),
                    id="holding",
                    name="holding",
                    value=page.choice,
                    on_change=page.choose,
                    class_name=INPUT,
                ),
                rx.el.p(page.lot_words, class_name="text-12 text-ink-3 mt-1 empty:hidden"),
            ),
            text_field(
                t("optimisation.sell_amount"), "amount", _problem("amount"), page.held_hint,
                default_value=page.amount, key="amount-" + page.choice + page.amount,
                input_mode="decimal", auto_complete="off",
            ),
            text_field(
                t("optimisation.price"), "price", _problem("price"), page.price_hint,
                default_value=page.price, key="price-" + page.choice,
                input_mode="decimal", auto_complete="off",
            ),
            rx.el.div(
                button(
                    rx.cond(page.busy, t("optimisation.calculating"), t("optimisation.calculate")),
                    "primary",
                    type="submit",
                    disabled=page.busy,
                ),
                class_name="md:pt-6",
            ),
            class_name="grid gap-3 md:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_auto] items-start",
        ),
        field_error("what-if-error", _problem("form")),
        on_submit=page.submit,
        class_name="flex flex-col gap-2 p-4",
    )  # fmt: skip


def _result() -> rx.Component:
    return rx.el.div(
        rx.el.dl(
            rx.foreach(
                page.tiles,
                lambda tile: rx.el.div(
                    rx.el.dt(tile.label, class_name="text-12 text-ink-3"),
                    rx.el.dd(toned(tile.value, tile.tone), class_name="m-0 text-16 font-strong"),
                ),
            ),
            class_name="m-0 flex flex-wrap gap-x-8 gap-y-2 px-4 py-3",
        ),
        rx.el.p(page.priced_by, class_name="px-4 pb-2 text-12 text-ink-2"),
        data_table(
            t("optimisation.takes"),
            _LINES,
            rx.foreach(
                page.lines,
                lambda item: row(
                    cell(item.acquired, class_name="num whitespace-nowrap"),
                    cell(item.amount, end=True),
                    cell(item.cost, end=True, hide="md"),
                    cell(item.worth, end=True, hide="md"),
                    cell(toned(item.gain, item.tone), end=True, class_name="whitespace-nowrap"),
                    cell(item.term),
                    key=item.key,
                ),
            ),
        ),
        rx.el.h3(page.changes_title, class_name="text-13 font-strong px-4 pt-4 pb-1"),
        data_table(
            page.changes_title,
            _CHANGES,
            rx.foreach(
                page.changes,
                lambda item: row(
                    cell(item.title),
                    cell(item.before, end=True, class_name="whitespace-nowrap"),
                    cell(item.after, end=True, class_name="whitespace-nowrap font-strong"),
                    key=item.title,
                ),
            ),
        ),
        rx.foreach(page.result_notes, lambda note: rx.el.p(note, class_name="px-4 py-2 text-12 text-ink-2")),
        role="status",
        class_name="border-t border-line",
    )


def _problem(name: str) -> Any:
    return rx.cond(page.errors.contains(name), page.errors[name], "")
