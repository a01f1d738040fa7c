"""The drawer of one tax transaction: what moved and who says what it was worth, and the form of what holds instead."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import toned_badge
from components.ui.button import button
from components.ui.dialogs import confirm_dialog, drawer
from components.ui.field import INPUT, field_error, text_field
from components.ui.link import external_link, link
from state.tax_transaction_state import TaxTransactionState
from state.tax_transactions_state import INCOMES, KINDS

# On the class, a state's attributes are values of the page.
page: Any = TaxTransactionState


def tax_transaction_drawer() -> rx.Component:
    """Return the drawer, and the question before a transaction written by hand is deleted."""
    return rx.fragment(
        drawer(
            page.title,
            rx.cond(page.is_open, rx.el.div(_told(), _form(), class_name="flex-1 overflow-y-auto", tab_index=0)),
            is_open=page.is_open,
            on_close=page.close,
            label_id="tax-transaction",
        ),
        confirm_dialog(
            t("tax_transactions.delete_title"),
            t("tax_transactions.delete_text"),
            t("tax_transactions.delete"),
            is_open=page.is_deleting,
            on_confirm=page.delete,
            on_close=page.keep,
            label_id="delete-tax-transaction",
        ),
    )


def _told() -> rx.Component:
    return rx.el.div(
        rx.cond(page.status != "", rx.el.p(toned_badge(page.status, page.status_tone))),
        rx.cond(
            page.problem != "",
            rx.el.p(rx.el.strong(t("tax_transactions.problem"), ": "), page.problem, class_name="text-13 text-warn"),
        ),
        rx.cond(
            page.counts_as != "",
            rx.el.div(
                rx.el.p(
                    t("tax_transactions.counts_as"),
                    " ",
                    link(
                        t("tax_transactions.counts_as_link"),
                        to=page.counts_as,
                        class_name="text-accent underline underline-offset-2",
                    ),
                    class_name="text-13 text-ink-2",
                ),
                button(t("tax_transactions.count_it"), on_click=page.count_it),
                class_name="flex flex-col items-start gap-2 p-3 border border-line rounded-8",
            ),
        ),
        rx.foreach(page.issues, lambda text: rx.el.p(text, class_name="text-13 text-warn")),
        _lines(t("tax_transactions.legs"), page.legs),
        rx.cond(page.fees.length() > 0, _lines(t("tax_transactions.fees"), page.fees)),
        _heading(t("tax_transactions.facts")),
        rx.el.dl(
            rx.foreach(
                page.facts,
                lambda fact: rx.fragment(
                    rx.el.dt(fact.name, class_name="text-ink-3"),
                    rx.el.dd(
                        rx.cond(fact.href != "", external_link(fact.value, href=fact.href), fact.value),
                        class_name="num min-w-0 break-words [overflow-wrap:anywhere]",
                    ),
                    key=fact.name,
                ),
            ),
            class_name="grid grid-cols-[112px_1fr] gap-x-3 gap-y-2 text-13",
        ),
        class_name="flex flex-col gap-3 p-5",
    )


def _lines(title: str, lines: Any) -> rx.Component:
    return rx.fragment(
        _heading(title),
        rx.cond(
            lines.length() > 0,
            rx.el.ul(
                rx.foreach(lines, _line),
                class_name="m-0 p-0 list-none flex flex-col gap-3",
            ),
            rx.el.p(t("tax_transactions.nothing_moved"), class_name="text-13 text-ink-3"),
        ),
    )


def _line(line: Any) -> rx.Component:
    faint = "num text-12 text-ink-3 break-words [overflow-wrap:anywhere]"
    return rx.el.li(
        rx.el.p(
            rx.el.span(line.text, title=line.exact, class_name="font-strong"),
            rx.el.span(rx.cond(line.worth != "", line.worth, "\u2014")),
            class_name="num text-13 flex justify-between gap-3",
        ),
        rx.cond(line.is_money, rx.fragment(), rx.el.p(line.worth_source, class_name=faint)),
        rx.cond(line.told != "", rx.el.p(line.told, class_name=faint)),
        rx.cond(line.role != "", rx.el.p(line.role, class_name=faint)),
        rx.cond(
            line.other != "",
            rx.el.p(
                t("tax_transactions.counterparty"), " ", rx.el.span(line.other, class_name="mono"), class_name=faint
            ),
        ),
        key=line.key,
    )


def _form() -> rx.Component:
    return rx.el.form(
        _heading(t("tax_transactions.edit")),
        rx.el.p(t("tax_transactions.edit_hint"), class_name="text-12 text-ink-3"),
        rx.cond(
            page.reason != "",
            rx.el.p(
                rx.el.strong(t("tax_transactions.field_reason"), ": "), page.reason, class_name="text-13 text-ink-2"
            ),
        ),
        rx.cond(page.by_rule, rx.el.p(t("tax_transactions.ruled"), class_name="text-13 text-ink-2")),
        _choice("kind", KINDS, "tax_kind.", page.kind, on_change=page.set_kind),
        rx.cond(page.is_income, _choice("income", INCOMES, "tax_income.", page.income, none=True)),
        rx.cond(
            page.kind == "transfer",
            text_field(
                t("tax_transactions.field_to_wallet"),
                "tax_to_wallet",
                _problem("to_wallet"),
                default_value=page.to_wallet,
                max_length=120,
                auto_complete="off",
            ),
        ),
        rx.foreach(page.legs, _worth_field),
        rx.foreach(page.fees, _worth_field),
        rx.cond(page.kind == "gift_in", _basis()),
        rx.cond(page.lots.length() > 0, _lots()),
        text_field(
            t("tax_transactions.field_note"),
            "tax_note",
            _problem("note"),
            default_value=page.edit_note,
            max_length=500,
            auto_complete="off",
        ),
        text_field(
            t("tax_transactions.field_reason"),
            "tax_reason",
            _problem("reason"),
            t("tax_transactions.reason_hint"),
            max_length=300,
            auto_complete="off",
        ),
        field_error("tax-form-error", _problem("form")),
        _buttons(),
        on_submit=page.save,
        no_validate=True,
        key=page.form_key,
        class_name="flex flex-col gap-3 p-5 border-t border-line",
    )


def _buttons() -> rx.Component:
    return rx.el.div(
        rx.cond(
            page.can_delete,
            rx.fragment(
                button(t("tax_transactions.delete"), "danger", on_click=page.ask_delete),
                button(t("tax_write.anew"), icon_name="pencil", on_click=page.write),
            ),
        ),
        rx.cond(page.is_edited, button(t("tax_transactions.take_back"), on_click=page.take_back)),
        button(t("tax_transactions.save"), "primary", type="submit"),
        class_name="flex flex-wrap justify-end gap-2 pt-2",
    )


def _choice(
    name: str, among: tuple[str, ...], prefix: str, value: Any, *, none: bool = False, **props: Any
) -> rx.Component:
    return rx.el.div(
        rx.el.label(
            t(f"tax_transactions.field_{name}"), html_for=f"tax_{name}", class_name="block text-13 font-strong mb-1"
        ),
        rx.el.select(
            *([rx.el.option(t("tax_transactions.field_income_none"), value="")] if none else []),
            *[rx.el.option(t(f"{prefix}{each}"), value=each) for each in among],
            id=f"tax_{name}",
            name=f"tax_{name}",
            default_value=value,
            class_name=INPUT,
            **props,
        ),
        field_error(f"tax_{name}-error", _problem(name)),
    )


def _worth_field(line: Any) -> rx.Component:
    return rx.cond(
        line.is_money,
        rx.fragment(),
        rx.el.div(
            rx.el.label(line.label, html_for=line.field, class_name="block text-13 font-strong mb-1"),
            rx.el.input(
                id=line.field,
                name=line.field,
                default_value=line.said,
                input_mode="decimal",
                auto_complete="off",
                placeholder=rx.cond(line.worth != "", line.worth, t("tax_transactions.worth_unknown")),
                class_name=f"{INPUT} num",
            ),
            field_error(line.field + "-error", page.problems[line.field]),
            key=line.key,
        ),
    )


def _basis() -> rx.Component:
    return rx.el.div(
        text_field(
            rx.fragment(t("tax_transactions.field_basis", currency=""), page.currency),
            "tax_basis",
            _problem("basis"),
            is_number=True,
            default_value=page.basis,
            auto_complete="off",
        ),
        text_field(
            t("tax_transactions.field_acquired"),
            "tax_acquired_on",
            _problem("acquired_at"),
            type="date",
            default_value=page.acquired_on,
        ),
        class_name="grid gap-3 sm:grid-cols-2",
    )  # fmt: skip


def _lots() -> rx.Component:
    return rx.el.details(
        rx.el.summary(
            t("tax_transactions.lots"), class_name="text-13 font-strong cursor-pointer min-h-9 max-md:min-h-11"
        ),
        rx.el.p(t("tax_transactions.lots_hint"), class_name="text-12 text-ink-3 mb-2"),
        rx.el.ul(
            rx.foreach(
                page.lots,
                lambda lot: rx.el.li(
                    rx.el.span(
                        lot.text,
                        rx.el.span(" ", lot.worth, class_name="text-ink-3"),
                        class_name="num text-13 min-w-0 flex-1",
                    ),
                    rx.el.input(
                        name=lot.field,
                        default_value=lot.said,
                        aria_label=lot.label,
                        input_mode="decimal",
                        auto_complete="off",
                        class_name=f"{INPUT} num !w-32",
                    ),
                    key=lot.key,
                    class_name="flex items-center gap-3",
                ),
            ),
            class_name="m-0 p-0 list-none flex flex-col gap-2",
        ),
        field_error("tax_choices-error", _problem("choices")),
    )


def _heading(text: Any) -> rx.Component:
    return rx.el.h3(text, class_name="text-13 font-strong")


def _problem(name: str) -> Any:
    return rx.cond(page.problems.contains(name), page.problems[name], "")
