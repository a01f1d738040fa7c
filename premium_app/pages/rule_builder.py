"""The builder: choose what to watch, write it as a sentence, say when and how to be told."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.alerts_frame import alerts_frame
from components.ui.badge import badge
from components.ui.browser import FormFocus, relative_time
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.error_panel import error_panel
from components.ui.field import field_error
from components.ui.icon import icon
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton
from premium_app.pages.rule_builder_options import acts, telling, tick, timing
from premium_app.pages.rule_builder_tree import node_line
from state.alert_rows import kind_icons
from state.rule_builder_form import TOLD, tell_label
from state.rule_builder_state import RuleBuilderState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = RuleBuilderState

_SMALL = "text-12 text-ink-3"


def rule_builder_page() -> rx.Component:
    """Return the page."""
    return alerts_frame(
        "rules",
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(page.loaded, rx.cond(page.is_gallery, _gallery(), _builder()), _waiting()),
        ),
        shell_state=ShellState,
        has_action=False,
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.span(t("state.loading"), class_name="sr-only"),
        skeleton("h-16 w-full"),
        skeleton("h-72 w-full"),
        role="status",
        class_name="flex flex-col gap-4",
    )


def kind_icon(name: Any) -> Any:
    """Return the icon of a kind by its name, a bell for one it does not know."""
    return rx.match(name, *[(each, icon(each)) for each in kind_icons()], icon("bell"))


def _gallery() -> rx.Component:
    return rx.fragment(_kinds(), _templates())


def _templates() -> rx.Component:
    return card(
        t("builder.templates"),
        rx.el.ul(
            rx.foreach(
                page.templates,
                lambda each: rx.el.li(
                    link(
                        rx.el.span(
                            rx.el.span(each.name, class_name="text-14 font-strong"),
                            badge(each.kind_label),
                            class_name="flex items-center justify-between gap-2",
                        ),
                        rx.el.span(each.purpose, class_name="block text-13 text-ink-2 mt-1"),
                        rx.el.span(each.for_whom, class_name="block text-12 text-ink-3 mt-1"),
                        to=each.href,
                        class_name="block h-full p-4 rounded-8 border border-line hover:bg-raised",
                    ),
                    key=each.key,
                ),
            ),
            class_name="grid gap-3 p-4 md:grid-cols-2 lg:grid-cols-3 m-0 list-none",
        ),
        note=t("builder.templates_note"),
    )


def _kinds() -> rx.Component:
    return card(
        t("builder.kinds"),
        rx.el.ul(
            rx.foreach(
                page.cards,
                lambda kind: rx.el.li(
                    link(
                        rx.el.span(
                            kind_icon(kind.icon),
                            class_name="inline-flex items-center justify-center size-9 rounded-8 bg-raised shrink-0",
                        ),
                        rx.el.span(
                            rx.el.span(kind.name, class_name="block text-14 font-strong"),
                            rx.el.span(kind.text, class_name="block text-13 text-ink-2 mt-0.5"),
                            class_name="min-w-0",
                        ),
                        to=kind.href,
                        class_name="flex items-start gap-3 h-full p-4 rounded-8 border border-line hover:bg-raised",
                    ),
                    key=kind.key,
                ),
            ),
            class_name="grid gap-3 p-4 md:grid-cols-2 lg:grid-cols-3 m-0 list-none",
        ),
        note=t("builder.kinds_note"),
    )


def _builder() -> rx.Component:
    return rx.el.form(
        _sentence(),
        rx.el.div(
            rx.el.div(
                card(t("builder.conditions"), _tree(), note=t("builder.conditions_note")),
                _only_if(),
                _preview(),
                class_name="flex flex-col gap-4 min-w-0",
            ),
            rx.el.div(telling(), timing(), class_name="flex flex-col gap-4 min-w-0"),
            class_name="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(320px,2fr)] items-start",
        ),
        rx.el.footer(
            plan_limit(page.limit_message, page.upgrade_to),
            field_error("form-error", page.errors["form"]),
            rx.el.div(
                link_button(t("action.cancel"), page.back_to),
                button(rx.cond(page.rule_id != "", t("form.save"), t("form.create")), "primary", type="submit"),
                class_name="flex justify-end gap-2",
            ),
            class_name="form-foot",
        ),
        FormFocus.create(refused=page.refused),
        on_submit=page.save,
        no_validate=True,
        key=page.form_key,
        class_name="flex flex-col gap-4",
    )


def _sentence() -> rx.Component:
    """What the rule means as it stands, in words; it keeps its height."""
    return rx.el.p(
        rx.cond(
            page.sentence != "",
            rx.el.span(page.sentence),
            rx.el.span(t("builder.unfinished"), class_name="text-ink-3"),
        ),
        custom_attrs={"aria-live": "polite"},
        class_name="text-20 font-strong tracking-tight min-h-14 flex items-center",
    )


def _tree() -> rx.Component:
    return rx.el.div(
        rx.foreach(page.nodes, node_line),
        rx.cond(
            page.can_add,
            rx.el.div(
                button(t("builder.add"), "ghost", "plus", on_click=page.add_condition("1")),
                button(t("builder.add_group"), "ghost", "list-plus", on_click=page.add_group("1")),
                class_name="flex flex-wrap gap-2",
            ),
        ),
        class_name="flex flex-col gap-3 p-4",
    )


def _only_if() -> rx.Component:
    """What must also hold when the rule fires, and what is done when it does not."""
    has_check = page.checks.length() > 0
    return card(
        t("builder.only_if"),
        rx.el.div(
            rx.cond(
                has_check,
                rx.fragment(
                    rx.foreach(page.checks, node_line),
                    rx.el.div(
                        button(t("builder.add"), "ghost", "plus", on_click=page.add_condition("g1")),
                        button(t("builder.add_group"), "ghost", "list-plus", on_click=page.add_group("g1")),
                        class_name="flex flex-wrap gap-2",
                    ),
                    rx.el.h3(t("builder.otherwise"), class_name="text-14 font-strong pt-3 border-t border-line"),
                    rx.el.div(
                        *[
                            tick(f"else.{each}", page.options.else_told.contains(each), tell_label(each))
                            for each in TOLD
                        ],
                        class_name="flex flex-wrap gap-x-5",
                    ),
                    acts("else"),
                ),
                rx.el.div(
                    button(t("builder.start_check"), "secondary", "plus", on_click=page.start_check),
                    class_name="flex",
                ),
            ),
            field_error("guard-error", page.errors["guard"]),
            class_name="flex flex-col gap-3 p-4",
        ),
        note=t("builder.only_if_note"),
    )


def _preview() -> rx.Component:
    """What the rule would have told; the card keeps its height while it is being found out."""
    found = page.preview
    return card(
        t("preview.title"),
        rx.el.div(
            rx.el.p(
                rx.match(
                    found.state,
                    ("none", t("preview.none")),
                    ("waiting", rx.cond(found.headline != "", found.headline, t("preview.waiting"))),
                    found.headline,
                ),
                class_name=rx.cond(found.state == "failed", "text-13 text-loss", "text-14 font-strong"),
            ),
            rx.cond(
                found.hits.length() > 0,
                rx.el.ol(
                    rx.foreach(
                        found.hits,
                        lambda hit: rx.el.li(
                            relative_time(hit.at, "num text-ink-3 whitespace-nowrap w-20 shrink-0"),
                            rx.el.span(hit.text, class_name="min-w-0"),
                            key=hit.key,
                            class_name="flex gap-3 py-1 text-13",
                        ),
                    ),
                    class_name="m-0 p-0 list-none",
                ),
            ),
            rx.el.ul(
                rx.foreach(found.notes, lambda note: rx.el.li(note)),
                class_name="m-0 p-0 list-none text-12 text-ink-3 empty:hidden",
            ),
            custom_attrs={"aria-live": "polite", "aria-busy": rx.cond(found.state == "waiting", "true", "false")},
            class_name="flex flex-col gap-3 p-4 min-h-36",
        ),
        note=t("preview.note"),
    )
