"""The user's rules: each reads like a sentence; every action is one key or press away."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.button import icon_button
from components.ui.data_table import Column, cell, data_table, row
from components.ui.icon import icon
from components.ui.link import link

_COLUMNS = (
    Column(t("rules.rule"), width="w-full"),
    Column(t("rules.status"), hide="md"),
    Column(t("rules.tells"), hide="md"),
    Column(t("rules.rhythm"), hide="lg"),
    Column(t("rules.last"), hide="md"),
    Column(t("rules.actions"), hide="md", screen_reader_only=True),
)
_LINK = (
    "inline-flex items-center justify-center size-8 max-md:size-11 rounded-6 text-ink-2 hover:bg-raised hover:text-ink"
)


def rule_table(rows: Any, on_toggle: Any, on_delete: Any) -> rx.Component:
    """Return the table; `on_toggle(id, enabled)` pauses or resumes, `on_delete(id, name)` asks first."""
    return data_table(t("rules.caption"), _COLUMNS, rx.foreach(rows, lambda item: _row(item, on_toggle, on_delete)))


def _row(item: Any, on_toggle: Any, on_delete: Any) -> rx.Component:
    return row(
        cell(
            link(item.sentence, to=item.page_to, class_name="font-strong text-ink hover:underline underline-offset-2"),
            rx.el.span(item.name, class_name="block text-12 text-ink-3"),
            rx.el.div(
                toned_badge(item.status, item.status_tone),
                _actions(item, on_toggle, on_delete),
                class_name="md:hidden flex items-center justify-between mt-1 -mr-3",
            ),
            class_name="md:min-w-64",
        ),
        cell(toned_badge(item.status, item.status_tone), hide="md"),
        cell(item.channels, hide="md", class_name="whitespace-nowrap text-ink-2"),
        cell(item.rhythm, hide="lg", class_name="whitespace-nowrap text-ink-2"),
        cell(
            link(
                relative_time(item.last_at), to=item.history_to, class_name="text-ink-2 hover:text-ink hover:underline"
            ),
            hide="md",
        ),
        cell(_actions(item, on_toggle, on_delete), hide="md", class_name="pr-2 pl-0"),
        key=item.id,
    )


def _actions(item: Any, on_toggle: Any, on_delete: Any) -> rx.Component:
    return rx.el.div(
        rx.cond(
            item.enabled,
            icon_button(t("rules.pause"), "pause", on_click=on_toggle(item.id, False)),
            icon_button(t("rules.resume"), "play", on_click=on_toggle(item.id, True)),
        ),
        link(icon("pencil"), to=item.edit_to, aria_label=t("rules.edit"), title=t("rules.edit"), class_name=_LINK),
        link(icon("copy-plus"), to=item.copy_to, aria_label=t("rules.copy"), title=t("rules.copy"), class_name=_LINK),
        icon_button(t("rules.delete"), "trash-2", on_click=on_delete(item.id, item.name)),
        class_name="flex justify-end",
    )
