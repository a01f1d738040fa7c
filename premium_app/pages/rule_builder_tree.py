"""The builder's tree: groups and conditions, each a line that reads as a sentence."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.browser import relative_time
from components.ui.button import icon_button
from components.ui.field import FILTER, INPUT, field_error
from components.ui.sentence import words
from state.rule_builder_state import RuleBuilderState

# On the class, a state's attributes are values of the page.
page: Any = RuleBuilderState


def node_line(node: Any) -> rx.Component:
    """Return one line of a tree from its `NodeView`."""
    return rx.el.div(
        rx.el.div(
            rx.cond(node.lead != "", words(node.lead)),
            rx.cond(node.negated, rx.el.strong(t("builder.not"), class_name="text-warn mx-1")),
            rx.cond(node.is_group, _group(node), _condition(node)),
            class_name="sentence min-w-0 flex-1",
        ),
        rx.el.div(
            rx.cond(node.removable, icon_button(t("builder.negate"), "circle-slash", on_click=page.negate(node.id))),
            rx.cond(node.removable, icon_button(t("builder.remove"), "x", on_click=page.remove_part(node.id))),
            class_name="flex shrink-0",
        ),
        rx.cond(node.now.asked, _price_now(node.now)),
        field_error(f"{node.id}-error", node.error),
        key=node.id,
        style={"margin-left": node.indent},
        class_name="flex flex-wrap items-start gap-2",
    )


def _price_now(now: Any) -> rx.Component:
    """What the token costs now, so that nobody has to look it up to say a price."""
    return rx.el.p(
        rx.cond(
            now.text != "",
            rx.fragment(
                rx.el.span(t("form.price_now"), " "),
                rx.el.strong(now.text, class_name="num text-ink"),
                rx.el.span(" · ", now.source, " · "),
                relative_time(now.at),
            ),
            t("form.price_unknown"),
        ),
        class_name="basis-full text-12 text-ink-3",
    )


def _group(node: Any) -> rx.Component:
    return rx.fragment(
        rx.el.select(
            *[rx.el.option(t(f"builder.group_{joint}"), value=joint) for joint in ("all", "any")],
            value=node.joint,
            on_change=page.join(node.id),
            aria_label=t("builder.group"),
            class_name="sentence-part",
        ),
        rx.cond(
            node.removable,
            rx.fragment(
                icon_button(t("builder.add"), "plus", on_click=page.add_condition(node.id)),
            ),
        ),
    )


def _condition(node: Any) -> rx.Component:
    return rx.fragment(
        rx.el.select(
            rx.foreach(page.kinds, lambda kind: rx.el.option(kind.text, value=kind.value)),
            value=node.kind,
            on_change=page.choose_kind(node.id),
            aria_label=t("builder.kind"),
            class_name="sentence-part",
        ),
        rx.foreach(node.clauses, _clause),
        rx.cond(
            node.addable.length() > 0,
            rx.el.select(
                rx.el.option(t("builder.more"), value=""),
                rx.foreach(node.addable, lambda each: rx.el.option(each.text, value=each.value)),
                value="",
                on_change=page.ask_more(node.id),
                aria_label=t("builder.more_label"),
                class_name=FILTER + " align-middle field-sizing-content",
            ),
        ),
        rx.cond(
            node.has_within,
            rx.el.span(
                words(t("builder.within")),
                rx.el.select(
                    rx.foreach(node.withins, lambda each: rx.el.option(each.text, value=each.value)),
                    value=node.within,
                    on_change=page.refresh_within(node.id),
                    aria_label=t("builder.within_label"),
                    class_name="sentence-part",
                ),
                class_name="whitespace-nowrap",
            ),
        ),
    )


def _clause(clause: Any) -> rx.Component:
    return rx.el.span(
        words(clause.label),
        rx.cond(
            clause.operators.length() > 1,
            rx.el.select(
                rx.foreach(clause.operators, lambda each: rx.el.option(each.text, value=each.value)),
                value=clause.operator,
                on_change=page.operate(clause.part, clause.name),
                aria_label=t("builder.operator"),
                class_name="sentence-part",
            ),
        ),
        _clause_blank(clause),
        rx.cond(clause.unit != "", rx.el.span(clause.unit, class_name="font-strong text-ink-2 mx-1")),
        rx.cond(
            clause.removable,
            icon_button(
                t("builder.drop"), "x", class_name="align-middle", on_click=page.leave_out(clause.part, clause.name)
            ),
        ),
        field_error(f"{clause.key}-error", clause.error),
        key=clause.key,
        class_name="clause",
    )


def _clause_blank(clause: Any) -> Any:
    """The blank itself: a choice, lines to write on, or one to fill in.

    A choice has no name, so that it is not in the form's data: until the server has answered it shows the option
    before, and that would undo the choice of who saves at once.
    """
    shared: dict[str, Any] = {
        "id": clause.key,
        "aria_label": clause.label,
        "title": clause.hint,
        "custom_attrs": {
            "aria-describedby": f"{clause.key}-error",
            "aria-invalid": rx.cond(clause.error != "", "true", "false"),
        },
    }
    return rx.match(
        clause.look,
        (
            "select",
            rx.el.select(
                rx.foreach(clause.options, lambda each: rx.el.option(each.text, value=each.value)),
                value=clause.value,
                on_change=page.write(clause.part, clause.name),
                class_name="sentence-part",
                **shared,
            ),
        ),
        (
            "area",
            rx.el.textarea(
                name=clause.key,
                default_value=clause.value,
                on_blur=page.write(clause.part, clause.name),
                rows="3",
                spell_check=False,
                placeholder="0x…",
                class_name=INPUT.replace("h-9 max-md:h-11", "py-2") + " mono text-13",
                **shared,
            ),
        ),
        rx.el.input(
            name=clause.key,
            default_value=clause.value,
            on_blur=page.write(clause.part, clause.name),
            auto_complete="off",
            input_mode=clause.mode,
            class_name="sentence-part num",
            **shared,
        ),
    )
