"""The channels page: which kinds of alerts go where, and when one wants to be told."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button
from components.ui.card import card
from components.ui.field import INPUT, field_error, text_field
from components.ui.skeleton import skeleton_rows
from state.channels_state import ChannelsState

# On the class, a state's attributes are values of the page.
page: Any = ChannelsState

_HEAD = "px-2 h-9 text-12 font-strong text-ink-3 whitespace-nowrap border-b border-line "
_GROUPS = ("0", "30", "60", "300", "900", "3600")
_ZONES = (
    *("UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Argentina/Buenos_Aires"),
    *("America/Bogota", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City"),
    *("America/New_York", "America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong"),
    *("Asia/Jakarta", "Asia/Karachi", "Asia/Kolkata", "Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore"),
    *("Asia/Taipei", "Asia/Tokyo", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin"),
    *("Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Paris"),
    *("Europe/Rome", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland"),
)


def kinds_section() -> rx.Component:
    """Return the table of kinds and channels."""
    return card(
        t("channels.kinds"),
        rx.cond(
            page.loaded,
            rx.el.div(
                rx.el.table(
                    rx.el.caption(t("channels.kinds"), class_name="sr-only"),
                    rx.el.thead(
                        rx.el.tr(
                            rx.el.th(t("channels.kind"), scope="col", class_name=_HEAD + "text-left pl-4"),
                            rx.foreach(page.columns, _column),
                            rx.el.th(t("channels.critical"), scope="col", class_name=_HEAD + "text-center pr-4"),
                        )
                    ),
                    rx.el.tbody(rx.foreach(page.kinds, _kind), class_name="text-13"),
                    class_name="w-full border-collapse",
                ),
                tab_index=0,
                role="region",
                aria_label=t("channels.kinds"),
                class_name="overflow-x-auto focus-visible:-outline-offset-2",
            ),
            skeleton_rows(6),
        ),
        note=t("channels.kinds_note"),
    )


def _column(name: Any) -> rx.Component:
    words = [
        (each, t(f"channels.name_{each}")) for each in ("webhook", "email", "slack", "push", "telegram", "discord")
    ]
    return rx.el.th(rx.match(name, *words, name), scope="col", class_name=_HEAD + "text-center", key=name)


def _kind(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.label, scope="row", class_name="pl-4 pr-2 py-1 text-left font-normal whitespace-nowrap"),
        rx.foreach(row.cells, _cell),
        rx.el.td(
            _box(row.critical_about, row.is_critical, page.choose_critical(row.kind)),
            class_name="px-2 pr-4 text-center",
        ),
        key=row.kind,
        class_name="h-(--row) border-b border-line last:border-0 hover:bg-raised",
    )


def _cell(cell: Any) -> rx.Component:
    return rx.el.td(
        _box(cell.about, cell.is_on, page.choose(cell.kind, cell.channel)),
        key=cell.channel,
        class_name="px-2 text-center",
    )


def _box(about: Any, is_on: Any, on_change: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=is_on,
            on_change=on_change,
            aria_label=about,
            class_name="size-4 accent-(--color-accent-fill)",
        ),
        class_name="inline-flex items-center justify-center size-8 max-md:size-11",
    )


def hours_section() -> rx.Component:
    """Return the form of quiet hours, digest and grouping."""
    return card(
        t("channels.hours"),
        rx.cond(
            page.loaded,
            rx.el.form(
                rx.el.div(
                    text_field(
                        t("channels.quiet_from"),
                        "quiet_from",
                        _problem("quiet_from"),
                        type="time",
                        default_value=page.quiet_from,
                    ),
                    text_field(
                        t("channels.quiet_to"), "quiet_to", _problem("quiet_to"), type="time", default_value=page.quiet_to
                    ),
                    text_field(
                        t("channels.time_zone"),
                        "time_zone",
                        _problem("time_zone"),
                        default_value=page.time_zone,
                        list="time-zones",
                        auto_complete="off",
                        spell_check=False,
                    ),
                    class_name="grid gap-3 sm:grid-cols-3",
                ),
                rx.el.datalist(*[rx.el.option(value=zone) for zone in _ZONES], id="time-zones"),
                rx.el.p(t("channels.quiet_text"), class_name="text-13 text-ink-2"),
                rx.el.div(
                    _choice("digest", t("channels.digest"), page.digest, ("off", "hourly", "daily")),
                    text_field(
                        t("channels.digest_at"), "digest_at", _problem("digest_at"), type="time",
                        default_value=page.digest_at,
                    ),
                    _choice("group_seconds", t("channels.group"), page.group_seconds, _GROUPS),
                    class_name="grid gap-3 sm:grid-cols-3",
                ),
                rx.el.p(t("channels.digest_text"), class_name="text-13 text-ink-2"),
                field_error("hours-error", _problem("form")),
                rx.el.div(button(t("channels.save"), "primary", type="submit"), class_name="flex justify-end"),
                key=page.times_read.to_string(),  # fields start anew from what is stored
                on_submit=page.save_hours,
                class_name="flex flex-col gap-3 p-4",
            ),
            skeleton_rows(3),
        ),
        note=t("channels.hours_note"),
    )  # fmt: skip


def _choice(name: str, label: str, value: Any, options: tuple[str, ...]) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            *[rx.el.option(t(f"channels.{name}_{option}"), value=option) for option in options],
            id=name,
            name=name,
            default_value=value,
            class_name=INPUT,
        ),
    )


def _problem(name: str) -> Any:
    return rx.cond(page.problems.contains(name), page.problems[name], "")
