"""Messages to channels and how they fared."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import toned_badge
from components.ui.browser import relative_time, time_ahead
from components.ui.button import button
from components.ui.data_table import Column, cell, data_table, row

_COLUMNS = (
    Column(t("deliveries.when")),
    Column(t("deliveries.what"), width="w-full"),
    Column(t("deliveries.to"), hide="md"),
    Column(t("deliveries.tries"), end=True, hide="md"),
    Column(t("deliveries.status")),
    Column(t("rules.actions"), screen_reader_only=True),
)


def delivery_table(rows: Any, on_resend: Any) -> rx.Component:
    """Return the table; `on_resend(id)` puts a message in line again, and sends one now that is held."""
    return data_table(t("deliveries.caption"), _COLUMNS, rx.foreach(rows, lambda item: _row(item, on_resend)))


def _row(item: Any, on_resend: Any) -> rx.Component:
    return row(
        cell(relative_time(item.at, "num text-ink-2 whitespace-nowrap")),
        cell(item.what, rx.el.span(item.problem, class_name="block text-12 text-loss"), class_name="min-w-48"),
        cell(
            rx.el.span(item.channel, class_name="block whitespace-nowrap"),
            rx.el.span(item.destination, class_name="mono block truncate max-w-48 text-12 text-ink-3"),
            hide="md",
        ),
        cell(item.attempts, end=True, hide="md"),
        cell(
            toned_badge(item.status, item.status_tone),
            rx.cond(
                item.held_until != "",
                time_ahead(item.held_until, "num block text-12 text-ink-3 whitespace-nowrap mt-0.5"),
            ),
        ),
        cell(
            rx.cond(item.can_resend, button(t("deliveries.resend"), "ghost", on_click=on_resend(item.id))),
            rx.cond(item.can_send_now, button(t("deliveries.send_now"), "ghost", on_click=on_resend(item.id))),
        ),
        key=item.id,
    )
