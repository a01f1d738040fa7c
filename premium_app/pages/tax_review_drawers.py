"""The drawers of the review: a rule with its preview, a worth given by hand, and one answer for many issues."""

from typing import Any

import reflex as rx

from backend.tax.review.service import TransactionKind
from components.i18n import t
from components.ui.button import button
from components.ui.dialogs import drawer
from components.ui.field import INPUT, field_error, text_field
from components.ui.segmented import segmented
from state.tax_review_rows import answer_label, kind_label
from state.tax_review_state import TaxReviewState
from state.tax_rule_editor_state import ANSWERS, CURRENCIES, TaxRuleEditorState, TaxWorthState

# On the class, a state's attributes are values of the page.
page: Any = TaxReviewState
editor: Any = TaxRuleEditorState
worth: Any = TaxWorthState

_FORM = "flex flex-col flex-1 min-h-0"
_FIELDS = "flex-1 overflow-y-auto flex flex-col gap-5 p-5"
_FOOT = "flex justify-end gap-2 px-5 py-3 border-t border-line"


def rule_drawer() -> rx.Component:
    """Return the drawer of a rule: saved only after what it would change was seen."""
    return drawer(
        t("tax_review.rule_title"),
        rx.cond(
            editor.is_open,
            rx.el.form(
                rx.el.div(
                    rx.el.p(t("tax_review.rule_text"), class_name="text-13 text-ink-2"),
                    _select(
                        t("tax_review.rule_answer"),
                        "rule_answer",
                        [("", t("tax_review.choose")), *((each, answer_label(each)) for each in ANSWERS)],
                        editor.answer,
                        editor.answer_error,
                        on_change=editor.touch,
                    ),
                    _conditions(),
                    text_field(
                        t("tax_review.rule_name"),
                        "rule_name",
                        editor.name_error,
                        hint=t("tax_review.rule_name_hint"),
                        default_value=editor.name,
                        max_length=120,
                        auto_complete="off",
                    ),
                    class_name=_FIELDS,
                ),
                _preview(),
                rx.el.div(
                    button(t("action.cancel"), on_click=editor.close),
                    button(
                        rx.cond(editor.previewed, t("tax_review.save_rule"), t("tax_review.see_preview")),
                        "primary",
                        type="submit",
                    ),
                    class_name=_FOOT,
                ),
                on_submit=editor.submit,
                key=editor.form_key.to_string(),
                class_name=_FORM,
            ),
        ),
        is_open=editor.is_open,
        on_close=editor.close,
        label_id="tax-rule-editor",
    )


def _conditions() -> rx.Component:
    kinds = [("", t("tax_review.any_kind")), *((kind.value, kind_label(kind)) for kind in TransactionKind)]
    texts = ("counterparty", "asset", "wallet", "protocol")
    return rx.el.fieldset(
        rx.el.legend(t("tax_review.rule_matches"), class_name="text-14 font-strong mb-2"),
        rx.el.div(
            _select(t("tax_review.field_kind"), "rule_kind", kinds, editor.kind, on_change=editor.touch),
            *[
                text_field(
                    t(f"tax_review.field_{name}"),
                    f"rule_{name}",
                    hint=t(f"tax_review.hint_{name}"),
                    default_value=getattr(editor, name),
                    on_change=editor.touch,
                    max_length=140,
                    auto_complete="off",
                    spell_check=False,
                )
                for name in texts
            ],
            text_field(
                t("tax_review.field_amount_below"),
                "rule_amount_below",
                editor.amount_error,
                hint=t("tax_review.hint_amount_below"),
                default_value=editor.amount_below,
                on_change=editor.touch,
                input_mode="decimal",
                max_length=60,
                auto_complete="off",
            ),
            class_name="flex flex-col gap-4",
        ),
        field_error("rule_matches-error", editor.matches_error),
        class_name="m-0 p-0 border-0 min-w-0",
    )


def _preview() -> rx.Component:
    """What the rule would change, in a place that is announced."""
    return rx.el.div(
        rx.cond(
            editor.previewed,
            rx.el.div(
                rx.el.p(editor.changes, class_name="text-14 font-strong num"),
                rx.el.ul(
                    rx.foreach(
                        editor.examples,
                        lambda seen: rx.el.li(
                            rx.el.span(seen.at, class_name="num text-ink-3 whitespace-nowrap"),
                            rx.el.span(seen.moved, class_name="num break-words"),
                            rx.el.span(seen.kind, class_name="text-ink-2"),
                            key=seen.id,
                            class_name="flex flex-wrap gap-x-3 text-13",
                        ),
                    ),
                    aria_label=t("tax_review.examples"),
                    class_name="m-0 mt-2 p-0 list-none flex flex-col gap-1 empty:hidden",
                ),
                class_name="px-5 py-3 border-t border-line bg-raised max-h-56 overflow-y-auto",
                tab_index=0,
            ),
        ),
        role="status",
        class_name="empty:hidden",
    )


def worth_drawer() -> rx.Component:
    """Return the drawer in which a worth is given with its reason."""
    return drawer(
        t("tax_review.worth_title"),
        rx.cond(
            worth.is_open,
            rx.el.form(
                rx.el.div(
                    rx.el.p(worth.message, class_name="text-13 text-ink-2"),
                    segmented(
                        t("tax_review.worth_of"),
                        [
                            (False, t("tax_review.worth_all"), worth.count_by("all"), None),
                            (True, t("tax_review.worth_unit"), worth.count_by("unit"), None),
                        ],
                        worth.is_unit_price,
                    ),
                    rx.el.div(
                        text_field(
                            t("tax_review.worth_amount"),
                            "worth_amount",
                            worth.amount_error,
                            input_mode="decimal",
                            max_length=60,
                            auto_complete="off",
                        ),
                        _select(
                            t("tax_review.worth_currency"),
                            "worth_currency",
                            [(each, each) for each in CURRENCIES],
                            worth.currency,
                        ),
                        class_name="grid gap-4 grid-cols-[minmax(0,2fr)_minmax(0,1fr)] items-start",
                    ),
                    text_field(
                        t("tax_review.worth_reason"),
                        "worth_reason",
                        worth.reason_error,
                        hint=t("tax_review.worth_reason_hint"),
                        max_length=300,
                        auto_complete="off",
                    ),
                    field_error("worth_form-error", worth.form_error),
                    class_name=_FIELDS,
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=worth.close),
                    button(t("tax_review.save_worth"), "primary", type="submit"),
                    class_name=_FOOT,
                ),
                on_submit=worth.save,
                key=worth.form_key.to_string(),
                class_name=_FORM,
            ),
        ),
        is_open=worth.is_open,
        on_close=worth.close,
        label_id="tax-worth-editor",
    )


def many_drawer() -> rx.Component:
    """Return the drawer in which many issues get the same answer."""
    return drawer(
        page.many_title,
        rx.cond(
            page.many_kind != "",
            rx.el.form(
                rx.el.div(
                    rx.el.p(t("tax_review.many_text"), class_name="text-13 text-ink-2"),
                    rx.el.fieldset(
                        rx.el.legend(t("tax_review.many_answer"), class_name="text-14 font-strong mb-2"),
                        rx.foreach(page.many_answers, lambda each: _radio(each.sort, each.label, each.note)),
                        _radio("dismiss", t("tax_review.many_dismiss"), t("tax_review.many_dismiss_note")),
                        field_error("many_answer-error", page.many_error),
                        class_name="m-0 p-0 border-0 min-w-0",
                    ),
                    text_field(
                        t("tax_review.reason"),
                        "many_reason",
                        hint=t("tax_review.reason_hint"),
                        max_length=300,
                        auto_complete="off",
                    ),
                    class_name=_FIELDS,
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=page.close_many),
                    button(t("tax_review.settle"), "primary", type="submit"),
                    class_name=_FOOT,
                ),
                on_submit=page.settle_many,
                key=page.many_kind,
                class_name=_FORM,
            ),
        ),
        is_open=page.many_kind != "",
        on_close=page.close_many,
        label_id="tax-settle-many",
    )


def _radio(value: Any, label: Any, note: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="many_answer",
            value=value,
            class_name="size-4 mt-0.5 accent-(--color-accent-fill)",
        ),
        rx.el.span(
            rx.el.span(label, class_name="block text-14"),
            rx.el.span(note, class_name="block text-12 text-ink-3 num"),
            class_name="min-w-0",
        ),
        key=value,
        class_name="flex items-start gap-2.5 min-h-11 py-1.5",
    )


def _select(
    label: str, name: str, options: list[tuple[str, str]], value: Any, error: Any = "", **props: Any
) -> rx.Component:
    error_id = f"{name}-error"
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            *[rx.el.option(text, value=key) for key, text in options],
            id=name,
            name=name,
            default_value=value,
            class_name=INPUT,
            custom_attrs={"aria-describedby": error_id},
            **props,
        ),
        field_error(error_id, error),
    )
