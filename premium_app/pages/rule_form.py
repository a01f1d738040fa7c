"""The rule form: a sentence with blanks, in a drawer that has its own address."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.browser import relative_time
from components.ui.button import button
from components.ui.dialogs import drawer
from components.ui.field import INPUT, checkbox, field_error, text_field
from components.ui.icon import icon
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.segmented import segmented
from components.ui.sentence import blank, choice, words
from state.rule_choices import COMPARISONS, DIRECTIONS, FREQUENCIES, MEASURES, WHO, WINDOWS
from state.rule_form_state import RuleFormState

# On the class, a state's attributes are values of the page.
Form: Any = RuleFormState


def rule_drawer() -> rx.Component:
    """Return the drawer; it is open when the address says `new`, `edit` or `copy`."""
    return drawer(
        rx.cond(Form.rule_id != "", t("form.edit_title"), t("form.new_title")),
        rx.el.form(
            rx.el.div(
                rx.cond(Form.rule_id == "", _kind()),
                rx.match(Form.kind, ("whale", _whale_sentence()), _price_sentence()),
                _delivery(),
                text_field(
                    t("form.name"),
                    "name",
                    Form.errors["name"],
                    default_value=Form.name,
                    placeholder=t("form.name_hint"),
                    max_length=255,
                ),
                field_error("form-error", Form.errors["form"]),
                plan_limit(Form.limit_message, Form.upgrade_to),
                key=Form.form_key,
                class_name="flex-1 overflow-y-auto p-5 flex flex-col gap-5",
            ),
            rx.el.footer(
                link(
                    t("builder.all_options"),
                    to=rx.cond(
                        Form.rule_id != "", f"/alerts/new/?edit={Form.rule_id}", f"/alerts/new/?kind={Form.kind}"
                    ),
                    class_name="mr-auto self-center text-13 text-accent hover:underline",
                ),
                button(t("action.cancel"), on_click=Form.close),
                button(
                    rx.cond(Form.rule_id != "", t("form.save"), t("form.create")),
                    "primary",
                    type="submit",
                    disabled=Form.saving,
                ),
                class_name="flex justify-end gap-2 px-5 py-3 border-t border-line",
            ),
            on_submit=Form.save,
            no_validate=True,
            class_name="flex flex-col flex-1 min-h-0",
        ),
        is_open=Form.is_open,
        on_close=Form.close,
        label_id="rule-form-title",
    )


def _choice(field: str, options: Any, **props: Any) -> rx.Component:
    return choice(field, t(f"form.{field}"), options, getattr(Form, field), Form.choose(field), **props)


def _kind() -> rx.Component:
    return segmented(
        t("form.kind"),
        [
            ("price", t("kind.price"), Form.choose("kind", "price"), icon("activity", 14)),
            ("whale", t("kind.whale"), Form.choose("kind", "whale"), icon("arrow-left-right", 14)),
        ],
        Form.kind,
    )


def _number(field: str, unit: Any, before: bool) -> rx.Component:
    mark = rx.el.span(unit, class_name="font-strong text-ink-2 mx-1")
    entry = blank(
        field,
        t(f"form.{field}"),
        Form.errors[field],
        default_value=getattr(Form, field),
        custom_attrs={"inputMode": "decimal"},
    )
    return rx.el.span(*([mark, entry] if before else [entry, mark]), class_name="whitespace-nowrap")


def _price_sentence() -> rx.Component:
    is_change = Form.comparison.contains("change")
    return rx.el.fieldset(
        rx.el.legend(t("form.when_legend"), class_name="sr-only"),
        rx.el.div(
            words(t("form.when")),
            _choice("token", Form.priced_tokens, data_autofocus="true"),
            _choice("comparison", COMPARISONS),
            rx.cond(is_change, _number("change_pct", "%", before=False), _number("price_usd", "$", before=True)),
            rx.cond(is_change, rx.fragment(words(t("form.within")), _choice("window", WINDOWS))),
            words(t("form.on")),
            _choice("chain", Form.chains),
            class_name="sentence",
        ),
        field_error("token-error", Form.errors["token"]),
        field_error("chain-error", Form.errors["chain"]),
        rx.cond(
            is_change,
            field_error("change_pct-error", Form.errors["change_pct"]),
            field_error("price_usd-error", Form.errors["price_usd"]),
        ),
        _current_price(),
    )


def _current_price() -> rx.Component:
    return rx.el.p(
        rx.cond(
            Form.price_now != "",
            rx.fragment(
                rx.el.span(t("form.price_now"), " "),
                rx.el.strong(Form.price_now, class_name="num text-ink"),
                rx.el.span(" · ", Form.price_source, " · "),
                relative_time(Form.price_at),
            ),
            t("form.price_unknown"),
        ),
        class_name="text-12 text-ink-3 mt-2",
        custom_attrs={"aria-live": "polite"},
    )


def _whale_sentence() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(t("form.when_legend"), class_name="sr-only"),
        rx.el.div(
            words(t("form.when")),
            _choice("who", WHO, data_autofocus="true"),
            rx.cond(Form.who == "wallets", _choice("direction", DIRECTIONS), words(t("form.moves"))),
            words(t("form.more_than")),
            rx.cond(
                Form.measure == "usd",
                _number("value_usd", "$", before=True),
                _number("amount", Form.token_symbol, before=False),
            ),
            rx.cond(Form.token != "", _choice("measure", MEASURES)),
            words(t("form.of")),
            _choice("token", Form.all_tokens),
            words(t("form.on")),
            _choice("chain", Form.chains_or_any),
            class_name="sentence",
        ),
        field_error("value_usd-error", Form.errors["value_usd"]),
        field_error("amount-error", Form.errors["amount"]),
        field_error("token-error", Form.errors["token"]),
        field_error("chain-error", Form.errors["chain"]),
        rx.cond(Form.who == "wallets", _wallets()),
        class_name="flex flex-col gap-1",
    )


def _wallets() -> rx.Component:
    return rx.el.div(
        rx.el.label(t("form.wallets"), html_for="wallets", class_name="block text-13 font-strong mb-1"),
        rx.el.textarea(
            id="wallets",
            name="wallets",
            default_value=Form.wallets,
            rows="3",
            spell_check=False,
            placeholder="0x…",
            class_name=INPUT.replace("h-9 max-md:h-11", "py-2") + " mono text-13",
            custom_attrs={
                "aria-describedby": "wallets-error",
                "aria-invalid": rx.cond(Form.errors["wallets"] != "", "true", "false"),
            },
        ),
        rx.el.p(t("form.wallets_hint"), class_name="text-12 text-ink-3 mt-1"),
        field_error("wallets-error", Form.errors["wallets"]),
        class_name="mt-2",
    )


def _delivery() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(t("form.tell_me"), class_name="text-ink-2 mb-1"),
        rx.el.div(
            checkbox(t("form.in_app"), "in_app", default_checked=Form.in_app),
            checkbox(t("form.webhook"), "webhook", default_checked=Form.webhook),
            class_name="flex flex-wrap gap-x-5",
        ),
        rx.el.div(
            text_field(
                t("webhooks.url"),
                "destination",
                Form.errors["destination"],
                type="url",
                default_value=Form.destination,
                placeholder="https://example.com/hooks/premium",
            ),
            class_name="only-with-webhook mt-1",
        ),
        field_error("actions-error", Form.errors["actions"]),
        rx.el.div(
            _choice("frequency", FREQUENCIES),
            rx.cond(
                Form.frequency == "recurring",
                rx.fragment(words(t("form.at_most")), _choice("cooldown", Form.cooldowns)),
            ),
            class_name="sentence mt-1",
        ),
        field_error("cooldown-error", Form.errors["cooldown"]),
    )
