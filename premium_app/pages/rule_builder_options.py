"""The builder's right side: what the rule does, how often and when."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.field import FILTER, INPUT, checkbox, field_error, text_field
from components.ui.sentence import choice
from state.rule_builder_form import DAYS, FREQUENCIES, HOURS, RULE_ACTIONS, TOLD, TRIGGERS, tell_label
from state.rule_builder_state import RuleBuilderState

# On the class, a state's attributes are values of the page.
page: Any = RuleBuilderState


def _option(name: str, options: Any, value: Any) -> rx.Component:
    return choice(name, t(f"builder.{name}"), options, value, page.choose_option(name))


def telling() -> rx.Component:
    """Return the card of what the rule does."""
    options = page.options
    return card(
        t("builder.telling"),
        rx.el.div(
            rx.el.div(
                *[tick(each, options.told.contains(each), tell_label(each)) for each in TOLD],
                tick("webhook", options.webhook, t("form.webhook")),
                class_name="flex flex-wrap gap-x-5",
            ),
            rx.cond(
                options.webhook,
                text_field(
                    t("webhooks.url"),
                    "destination",
                    page.errors["destination"],
                    type="url",
                    default_value=options.destination,
                    placeholder="https://example.com/hooks/premium",
                ),
            ),
            field_error("actions-error", page.errors["actions"]),
            acts("then"),
            field_error("acts-error", page.errors["acts"]),
            text_field(
                t("form.name"),
                "name",
                page.errors["name"],
                default_value=options.name,
                placeholder=t("form.name_hint"),
                max_length=255,
            ),
            class_name="flex flex-col gap-3 p-4",
        ),
    )


def tick(name: str, ticked: Any, label: str) -> rx.Component:
    """Return a checkbox of a way to tell; it shows the tick at once and does not wait for the answer."""
    return checkbox(
        label, name, default_checked=ticked, on_change=lambda now: page.choose_option(name, now.to_string())
    )


def timing() -> rx.Component:
    """Return the card of how often and when."""
    options = page.options
    return card(
        t("builder.timing"),
        rx.el.div(
            rx.el.div(
                _option("trigger", [(each, t(f"builder.trigger_{each}")) for each in TRIGGERS], options.trigger),
                _option("frequency", [(each, t(f"frequency.{each}")) for each in FREQUENCIES], options.frequency),
                rx.cond(options.frequency == "recurring", _option("cooldown", page.cooldowns, options.cooldown)),
                class_name="sentence",
            ),
            field_error("trigger-error", page.errors["trigger"]),
            field_error("cooldown-error", page.errors["cooldown_seconds"]),
            _hysteresis(),
            rx.el.div(
                _option("hours", [(each, t(f"builder.hours_{each}")) for each in HOURS], options.hours),
                class_name="sentence",
            ),
            rx.cond(options.hours == "only", _hours()),
            field_error("active_hours-error", page.errors["active_hours"]),
            rx.el.div(
                rx.el.label(t("builder.expires"), html_for="expires", class_name="block text-13 font-strong mb-1"),
                rx.el.input(
                    id="expires", name="expires", type="datetime-local", default_value=options.expires, class_name=INPUT
                ),
                field_error("expires-error", page.errors["expires_at"]),
            ),
            class_name="flex flex-col gap-3 p-4",
        ),
    )


def _hysteresis() -> rx.Component:
    return text_field(
        t("builder.hysteresis"),
        "hysteresis",
        page.errors["hysteresis_pct"],
        hint=t("builder.hysteresis_hint"),
        default_value=page.options.hysteresis,
        placeholder="0.5",
        input_mode="decimal",
    )


def _hours() -> rx.Component:
    options = page.options
    return rx.el.div(
        rx.el.div(
            *[
                rx.el.button(
                    t(f"builder.day_{day}"),
                    type="button",
                    on_click=page.choose_option("day", day),
                    custom_attrs={"aria-pressed": rx.cond(options.days.contains(day), "true", "false")},
                    class_name=rx.cond(
                        options.days.contains(day),
                        "h-8 max-md:h-11 px-2 rounded-6 border border-accent bg-accent-ground text-accent text-13 font-strong",
                        "h-8 max-md:h-11 px-2 rounded-6 border border-line-strong text-ink-2 text-13",
                    ),
                )
                for day in DAYS
            ],
            role="group",
            aria_label=t("builder.days"),
            class_name="flex flex-wrap gap-1",
        ),
        rx.el.div(
            _time("hours_from", options.hours_from),
            _time("hours_to", options.hours_to),
            rx.el.input(
                id="time_zone",
                name="time_zone",
                default_value=options.time_zone,
                aria_label=t("builder.time_zone"),
                auto_complete="off",
                class_name=FILTER,
            ),
            class_name="flex flex-wrap items-center gap-2",
        ),
        class_name="flex flex-col gap-2",
    )


def _time(name: str, value: Any) -> rx.Component:
    return rx.el.input(
        id=name, name=name, type="time", default_value=value, aria_label=t(f"builder.{name}"), class_name=FILTER
    )


def acts(branch: str) -> rx.Component:
    """The other rules that a branch acts on."""
    return rx.el.div(
        rx.foreach(page.options.acts, lambda act: rx.cond(act.branch == branch, _act(act))),
        rx.el.div(
            button(t("builder.add_act"), "ghost", "plus", on_click=page.add_act(branch)),
            class_name="flex",
        ),
        class_name="flex flex-col gap-2",
    )


def _act(act: Any) -> rx.Component:
    return rx.el.div(
        rx.el.select(
            *[rx.el.option(t(f"builder.act_{each}"), value=each) for each in RULE_ACTIONS],
            value=act.type,
            on_change=page.change_act(act.id, "type"),
            aria_label=t("builder.act"),
            class_name=FILTER,
        ),
        rx.el.select(
            rx.el.option(t("builder.choose_rule"), value=""),
            rx.foreach(page.rules, lambda rule: rx.el.option(rule.text, value=rule.value)),
            value=act.rule,
            on_change=page.change_act(act.id, "rule"),
            aria_label=t("rules.rule"),
            class_name=FILTER,
        ),
        icon_button(t("builder.drop"), "x", on_click=page.drop_act(act.id)),
        key=act.id,
        class_name="flex flex-wrap items-center gap-2",
    )
