"""The drawer of a scheduled export: what, when, and where it goes."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button
from components.ui.dialogs import drawer
from components.ui.field import INPUT, field_error, text_field
from state.portfolio_exports_state import FORMATS, SPANS, WHATS, PortfolioExportsState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioExportsState
draft: Any = PortfolioExportsState.draft

_ZONES = (
    *("UTC", "Europe/London", "Europe/Berlin", "Europe/Madrid", "America/New_York", "America/Los_Angeles"),
    *("Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Australia/Sydney"),
)


def schedule_editor() -> rx.Component:
    """Return the drawer; its form is there while it is open."""
    return drawer(
        rx.cond(page.editing_id != "", t("exports.edit_title"), t("exports.new_title")),
        rx.cond(page.is_open, _form()),
        is_open=page.is_open,
        on_close=page.close,
        label_id="schedule-editor",
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            text_field(
                t("exports.name"),
                "schedule_name",
                _problem("name"),
                default_value=draft.name,
                max_length=60,
                auto_complete="off",
            ),
            _what(),
            _when(),
            text_field(
                t("channels.time_zone"),
                "schedule_time_zone",
                _problem("time_zone"),
                default_value=draft.time_zone,
                list="export-zones",
                auto_complete="off",
                spell_check=False,
            ),
            rx.el.datalist(*[rx.el.option(value=zone) for zone in _ZONES], id="export-zones"),
            _where(),
            field_error("schedule-form-error", _problem("form")),
            class_name="flex-1 overflow-y-auto flex flex-col gap-5 p-5",
        ),
        rx.el.div(
            button(t("action.cancel"), on_click=page.close),
            button(t("exports.save"), "primary", type="submit"),
            class_name="flex justify-end gap-2 px-5 py-3 border-t border-line",
        ),
        on_submit=page.save,
        no_validate=True,
        key=page.editing_id,
        class_name="flex flex-col flex-1 min-h-0",
    )


def _what() -> rx.Component:
    return rx.el.div(
        _choice("what", t("exports.what"), draft.what, [(each, t(f"exports.what_{each}")) for each in WHATS]),
        _choice(
            "format",
            t("exports.format"),
            draft.format,
            [(each, t(f"exports.format_{each}")) for each in FORMATS],
        ),
        _choice("range", t("exports.range"), draft.span, [(each, t(f"portfolio.range_{each}")) for each in SPANS]),
        class_name="grid gap-3 sm:grid-cols-3",
    )


def _when() -> rx.Component:
    return rx.el.div(
        _choice(
            "every",
            t("exports.every"),
            draft.every,
            [(each, t(f"exports.every_{each}")) for each in ("daily", "weekly", "monthly")],
            on_change=page.set_every,
        ),
        rx.match(
            page.every,
            (
                "weekly",
                _choice(
                    "weekday",
                    t("exports.weekday"),
                    draft.weekday,
                    [(str(day), t(f"exports.weekday_{day}")) for day in range(1, 8)],
                ),
            ),
            (
                "monthly",
                _choice(
                    "month_day",
                    t("exports.month_day"),
                    draft.month_day,
                    [(str(day), str(day)) for day in range(1, 29)] + [("31", t("exports.last_day"))],
                ),
            ),
            rx.fragment(),
        ),
        text_field(t("exports.at"), "schedule_at", _problem("at"), type="time", default_value=draft.at),
        class_name="grid gap-3 sm:grid-cols-3",
    )


def _where() -> rx.Component:
    return rx.fragment(
        _choice(
            "channel",
            t("exports.channel"),
            draft.channel,
            [("email", t("exports.channel_email")), ("webhook", t("exports.channel_webhook"))],
            on_change=page.set_channel,
        ),
        rx.cond(
            page.channel == "webhook",
            text_field(
                t("exports.destination"),
                "schedule_destination",
                _problem("destination"),
                hint=t("exports.destination_hint"),
                default_value=draft.destination,
                type="url",
                max_length=2000,
            ),
            rx.el.p(t("exports.mail_goes"), " ", page.email, class_name="text-13 text-ink-2 break-all"),
        ),
    )


def _choice(name: str, label: str, value: Any, options: list[tuple[str, str]], on_change: Any = None) -> rx.Component:
    handler = {} if on_change is None else {"on_change": on_change}
    error_id = f"schedule_{name}-error"
    return rx.el.div(
        rx.el.label(label, html_for=f"schedule_{name}", class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            *[rx.el.option(text, value=key) for key, text in options],
            id=f"schedule_{name}",
            name=f"schedule_{name}",
            default_value=value,
            class_name=INPUT,
            custom_attrs={"aria-describedby": error_id},
            **handler,
        ),
        field_error(error_id, _problem(name)),
    )


def _problem(name: str) -> Any:
    return rx.cond(page.problems.contains(name), page.problems[name], "")
