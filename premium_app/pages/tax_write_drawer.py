"""The drawer in which a tax transaction is written by hand: what it was, what went and came, when and where."""

from typing import Any
from zoneinfo import available_timezones

import reflex as rx

from components.i18n import t
from components.ui.button import button, icon_button
from components.ui.dialogs import drawer
from components.ui.field import INPUT, field_error, text_field
from state.tax_transactions_state import INCOMES, KINDS
from state.tax_write_state import CURRENCIES, TaxWriteState

# On the class, a state's attributes are values of the page.
form: Any = TaxWriteState

_LABEL = "block text-13 font-strong mb-1"
_ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/")))  # fmt: skip


def tax_write_drawer() -> rx.Component:
    """Return the drawer."""
    return drawer(
        form.title,
        rx.cond(form.is_open, _form()),
        is_open=form.is_open,
        on_close=form.close,
        label_id="tax-write",
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            _kind(),
            rx.cond(form.kind == "income", _income()),
            _when(),
            _wallet("wallet", t("tax_write.wallet"), form.wallet, t("tax_write.wallet_hint")),
            rx.cond(form.kind == "transfer", _wallet("to_wallet", t("tax_write.to_wallet"), form.to_wallet)),
            rx.cond(form.goes, _side("out", t("tax_write.went"))),
            rx.cond(form.comes, _side("in", t("tax_write.came"))),
            rx.cond(form.kind == "gift_in", _gift()),
            _side("fee", t("tax_write.fees")),
            text_field(
                t("tax_write.tx_hash"), "write_tx_hash", _problem("tx_hash"),
                default_value=form.tx_hash, max_length=100, auto_complete="off", spell_check=False,
            ),
            text_field(
                t("tax_transactions.field_note"), "write_note", _problem("note"),
                default_value=form.note, max_length=500, auto_complete="off",
            ),
            _suggestions(),
            class_name="flex-1 overflow-y-auto flex flex-col gap-4 p-5",
        ),
        rx.el.div(
            field_error("write_form-error", _problem("form")),
            rx.el.div(
                button(t("action.cancel"), on_click=form.close),
                button(t("tax_transactions.save"), "primary", type="submit"),
                class_name="flex justify-end gap-2 ml-auto",
            ),
            class_name="flex flex-wrap items-center gap-2 px-5 py-3 border-t border-line",
        ),
        on_submit=form.save,
        no_validate=True,
        key=form.form_key,
        class_name="flex flex-col flex-1 min-h-0",
    )  # fmt: skip


def _kind() -> rx.Component:
    return rx.el.div(
        rx.el.label(t("tax_transactions.field_kind"), html_for="write_kind", class_name=_LABEL),
        rx.el.select(
            *[rx.el.option(t(f"tax_kind.{each}"), value=each) for each in KINDS],
            id="write_kind",
            name="write_kind",
            value=form.kind,
            on_change=form.set_kind,
            class_name=INPUT,
        ),
        field_error("write_kind-error", _problem("kind")),
    )


def _income() -> rx.Component:
    return rx.el.div(
        rx.el.label(t("tax_transactions.field_income"), html_for="write_income", class_name=_LABEL),
        rx.el.select(
            rx.el.option(t("tax_write.choose"), value=""),
            *[rx.el.option(t(f"tax_income.{each}"), value=each) for each in INCOMES],
            id="write_income",
            name="write_income",
            default_value=form.income,
            class_name=INPUT,
            custom_attrs={"aria-describedby": "write_income-error"},
        ),
        field_error("write_income-error", _problem("income")),
    )


def _when() -> rx.Component:
    return rx.el.div(
        text_field(
            t("tax_write.at"),
            "write_at",
            _problem("at"),
            type="datetime-local",
            step="1",
            min="2009-01-03T00:00:00",
            max=form.latest,
            default_value=form.at,
        ),
        text_field(
            t("tax_write.zone"),
            "write_zone",
            _problem("zone"),
            default_value=form.zone,
            list="write-zones",
            max_length=64,
            auto_complete="off",
            spell_check=False,
        ),
        class_name="grid gap-3 sm:grid-cols-2 items-start",
    )


def _wallet(name: str, label: str, value: Any, hint: Any = None) -> rx.Component:
    return text_field(
        label,
        f"write_{name}",
        _problem(name),
        hint,
        default_value=value,
        list="write-wallets",
        max_length=120,
        auto_complete="off",
        spell_check=False,
    )


def _side(side: str, title: str) -> rx.Component:
    """What went, what came or the fees: a row each."""
    return rx.el.fieldset(
        rx.el.legend(title, class_name="text-14 font-strong mb-2"),
        rx.el.div(
            rx.foreach(form.legs, lambda leg: rx.cond(leg.side == side, _leg(leg))),
            class_name="flex flex-col gap-3 empty:hidden",
        ),
        field_error(f"write_{side}-error", _problem(side)),
        rx.el.div(
            button(t(f"tax_write.add_{side}"), "ghost", icon_name="plus", on_click=form.add_row(side)),
            class_name="-ml-3",
        ),
        class_name="m-0 p-0 border-0 min-w-0 flex flex-col gap-1",
    )


def _leg(leg: Any) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            _input(
                leg, "asset", t("tax_write.asset"), leg.asset, list="write-assets", max_length=140, spell_check=False,
                auto_focus=leg.is_added,
            ),
            _input(leg, "amount", t("tax_write.amount"), leg.amount, input_mode="decimal", max_length=80),
            _input(
                leg, "worth", t("tax_write.worth"), leg.worth, input_mode="decimal", max_length=60,
                placeholder=rx.cond(leg.known != "", leg.known, t("tax_write.worth_hint")),
            ),
            rx.el.div(
                rx.el.label(t("tax_write.currency"), html_for=leg.field + "_currency", class_name="block text-12 text-ink-2 mb-1"),
                rx.el.select(
                    *[rx.el.option(each, value=each) for each in CURRENCIES],
                    id=leg.field + "_currency", name=leg.field + "_currency", default_value=leg.currency, class_name=INPUT,
                ),
            ),
            class_name="grid gap-x-3 gap-y-2 grid-cols-2 flex-1 min-w-0 items-start",
        ),
        rx.el.div(
            icon_button(t("tax_write.remove_row"), "trash-2", on_click=form.remove_row(leg.key)), class_name="pt-5"
        ),
        key=leg.key,
        class_name="flex items-start gap-2 pl-3 border-l-2 border-line",
    )  # fmt: skip


def _input(leg: Any, name: str, label: str, value: Any, **props: Any) -> rx.Component:
    field = leg.field + f"_{name}"
    error = rx.cond(form.problems.contains(field), form.problems[field], "")
    return rx.el.div(
        rx.el.label(label, html_for=field, class_name="block text-12 text-ink-2 mb-1"),
        rx.el.input(
            id=field,
            name=field,
            default_value=value,
            auto_complete="off",
            class_name=f"{INPUT} num",
            custom_attrs={
                "aria-describedby": field + "-error",
                "aria-invalid": rx.cond(form.problems.contains(field), "true", "false"),
            },
            **props,
        ),
        field_error(field + "-error", error),
    )


def _gift() -> rx.Component:
    """What the giver paid, and since when they had it: what a gift goes on with in some places."""
    return rx.el.div(
        text_field(
            rx.fragment(t("tax_write.basis"), " ", form.basis_currency),
            "write_basis",
            _problem("basis"),
            is_number=True,
            default_value=form.basis,
            auto_complete="off",
        ),
        text_field(
            t("tax_transactions.field_acquired"),
            "write_acquired_on",
            _problem("acquired_on"),
            type="date",
            default_value=form.acquired_on,
        ),
        class_name="grid gap-3 sm:grid-cols-2 items-start",
    )


def _suggestions() -> rx.Component:
    """What fields propose: assets and wallets that there are, money that there are rates of, time zones."""
    return rx.fragment(
        rx.el.datalist(
            *[rx.el.option(value=each) for each in CURRENCIES],
            rx.foreach(form.assets, lambda each: rx.el.option(each.text, value=each.value, key=each.value)),
            id="write-assets",
        ),
        rx.el.datalist(
            rx.foreach(form.wallets, lambda each: rx.el.option(value=each.value, key=each.value)), id="write-wallets"
        ),
        rx.el.datalist(*[rx.el.option(value=zone) for zone in _ZONES], id="write-zones"),
    )


def _problem(name: str) -> Any:
    return rx.cond(form.problems.contains(name), form.problems[name], "")
