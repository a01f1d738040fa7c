"""Settings → Security: where the user is signed in."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog
from components.ui.error_panel import error_panel
from components.ui.skeleton import skeleton_rows
from state.sessions_state import SessionsState

# On the class, a state's attributes are values of the page.
sessions: Any = SessionsState

_COLUMNS = (
    Column(t("sessions.column_device"), width="w-full"),
    Column(t("sessions.column_address"), hide="md"),
    Column(t("sessions.column_created"), hide="md"),
    Column(t("sessions.column_seen")),
    Column(t("sessions.column_actions"), screen_reader_only=True),
)


def sessions_section() -> rx.Component:
    """Return the card, with its dialog."""
    return rx.fragment(
        card(
            t("sessions.title"),
            rx.cond(
                sessions.failure != "",
                error_panel(sessions.failure, sessions.failure_id, sessions.load),
                rx.cond(
                    sessions.loaded,
                    data_table(t("sessions.caption"), _COLUMNS, rx.foreach(sessions.rows, _row)),
                    skeleton_rows(2),
                ),
            ),
            action=rx.cond(sessions.has_others, button(t("sessions.end_others"), on_click=sessions.ask_others)),
            note=t("sessions.note"),
        ),
        confirm_dialog(
            t("sessions.end_title"),
            t("sessions.end_text"),
            t("sessions.end_others"),
            is_open=sessions.is_asking,
            on_confirm=sessions.end_others,
            on_close=sessions.close,
            label_id="end-sessions-title",
        ),
    )


def _row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(item.device, class_name="font-strong"),
            rx.cond(item.program, rx.el.span(" ", badge(t("sessions.program")), class_name="ml-1")),
            rx.cond(item.current, rx.el.span(" ", badge(t("sessions.current"), "accent"), class_name="ml-1")),
            rx.el.span(item.way, class_name="block text-12 text-ink-3"),
            class_name="min-w-36",
        ),
        cell(item.address, hide="md", class_name="num whitespace-nowrap text-ink-2"),
        cell(relative_time(item.created_at, "num text-ink-2 whitespace-nowrap"), hide="md"),
        cell(relative_time(item.seen_at, "num text-ink-2 whitespace-nowrap")),
        cell(rx.cond(~item.current, button(t("sessions.end"), "ghost", on_click=sessions.end(item.id)))),
        key=item.id,
    )
