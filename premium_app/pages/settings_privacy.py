"""Settings → Privacy: your data as a file, what was done in your account, consent, and erasure."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.consent import consent_switch
from components.layout.settings_frame import settings_frame
from components.tables.pager import pager
from components.ui.api_form import api_form
from components.ui.badge import toned_badge
from components.ui.browser import Modal, relative_time
from components.ui.button import button, button_class
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.field import text_field
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.skeleton import skeleton_rows
from components.ui.ticker import ticker
from state.privacy_state import PrivacyState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
privacy: Any = PrivacyState

_EXPORT_COLUMNS = (
    Column(t("privacy.column_asked"), width="w-full"),
    Column(t("privacy.column_status")),
    Column(t("privacy.column_size"), end=True, hide="md"),
    Column(t("privacy.column_until"), hide="md"),
    Column(t("privacy.column_actions"), screen_reader_only=True),
)
_ACTIVITY_COLUMNS = (
    Column(t("activity.column_what"), width="w-full"),
    Column(t("activity.column_where"), hide="md"),
    Column(t("activity.column_when")),
)


def settings_privacy_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "privacy",
        rx.cond(
            privacy.failure != "",
            error_panel(privacy.failure, privacy.failure_id, privacy.load),
            rx.fragment(_exports(), _activity(), _consent(), _erasure(), _erasure_form()),
        ),
        shell_state=ShellState,
    )


def _exports() -> rx.Component:
    none = empty_state("archive", t("privacy.export_none_title"), t("privacy.export_none_text"))
    return card(
        t("privacy.export_title"),
        rx.cond(privacy.making, _progress()),
        rx.cond(
            privacy.loaded,
            rx.cond(
                privacy.exports.length() > 0,
                data_table(t("privacy.export_caption"), _EXPORT_COLUMNS, rx.foreach(privacy.exports, _export)),
                none,
            ),
            skeleton_rows(2),
        ),
        action=button(
            t("privacy.export_action"),
            "primary",
            icon_name="archive",
            on_click=privacy.request_export,
            disabled=privacy.making | ~privacy.loaded,
        ),
        note=t("privacy.export_note"),
    )


def _progress() -> rx.Component:
    return rx.el.div(
        ticker(privacy.follow_export),
        rx.el.progress(
            value=privacy.progress_percent,
            max=100,
            aria_label=t("privacy.progress_label"),
            class_name="progress w-full",
        ),
        rx.el.div(
            rx.el.span(privacy.progress_text, class_name="num"),
            rx.el.span(privacy.progress_left, class_name="num text-ink-3"),
            class_name="flex flex-wrap justify-between gap-x-4 text-13 text-ink-2 mt-2",
        ),
        class_name="px-4 py-3 border-b border-line",
    )


def _export(item: Any) -> rx.Component:
    return row(
        cell(
            relative_time(item.asked_at, "num whitespace-nowrap"),
            rx.cond(item.problem != "", rx.el.span(item.problem, class_name="block text-12 text-loss")),
        ),
        cell(toned_badge(item.status, item.tone)),
        cell(item.size, end=True, hide="md", class_name="whitespace-nowrap"),
        cell(item.until, hide="md", class_name="num whitespace-nowrap text-ink-2"),
        cell(
            rx.cond(
                item.download_to != "",
                document_link(
                    icon("download"),
                    rx.el.span(t("privacy.download")),
                    href=item.download_to,
                    download=True,
                    class_name=button_class("ghost"),
                ),
            ),
            class_name="text-right",
        ),
        key=item.id,
    )


def _activity() -> rx.Component:
    return card(
        t("activity.title"),
        rx.cond(
            privacy.loaded,
            rx.cond(
                privacy.activity.length() > 0,
                rx.fragment(
                    data_table(t("activity.caption"), _ACTIVITY_COLUMNS, rx.foreach(privacy.activity, _entry)),
                    pager(privacy.activity_pager),
                ),
                empty_state("history", t("activity.none_title"), t("activity.none_text")),
            ),
            skeleton_rows(5),
        ),
        note=t("activity.note"),
    )


def _entry(item: Any) -> rx.Component:
    place = rx.fragment(item.place, rx.cond(item.address != "", rx.el.span(" · ", item.address, class_name="num")))
    return row(
        cell(item.sentence, rx.el.span(place, class_name="md:hidden block text-12 text-ink-3"), class_name="min-w-40"),
        cell(place, hide="md", class_name="text-ink-2 whitespace-nowrap"),
        cell(relative_time(item.at, "num text-ink-2 whitespace-nowrap")),
        key=item.id,
    )


def _consent() -> rx.Component:
    return card(
        t("consent.title"),
        rx.el.div(
            consent_switch(privacy.allows_analytics, privacy.close),
            rx.el.p(t("consent.explained"), class_name="text-13 text-ink-2 mt-1"),
            class_name="p-4",
        ),
    )


def _erasure() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(t("privacy.erase_title"), class_name="text-14 font-strong"),
            rx.cond(
                privacy.erasure_on != "",
                rx.el.p(
                    t("privacy.banner_before"),
                    " ",
                    rx.el.strong(privacy.erasure_on),
                    t("privacy.banner_after"),
                    class_name="text-13 text-ink-2 mt-1",
                ),
                rx.el.p(t("privacy.erase_text"), class_name="text-13 text-ink-2 mt-1"),
            ),
            class_name="min-w-0 flex-1 basis-72",
        ),
        rx.cond(
            privacy.erasure_on != "",
            button(t("privacy.keep"), on_click=privacy.cancel_erasure),
            button(
                t("privacy.erase_action"),
                "danger",
                icon_name="trash-2",
                on_click=privacy.ask_erasure,
                disabled=~privacy.loaded,
            ),
        ),
        class_name="flex flex-wrap items-center gap-4 p-4 border border-loss rounded-8 bg-surface",
    )


def _erasure_form() -> rx.Component:
    return Modal.create(
        rx.cond(
            privacy.is_asking_erasure,
            rx.el.div(
                rx.el.h2(t("privacy.erase_title"), id="erase-title", class_name="text-16 font-strong"),
                rx.el.p(t("privacy.erase_confirm"), class_name="text-14 text-ink-2 mt-2 mb-4"),
                api_form(
                    text_field(
                        t("privacy.erase_word"), "word", max_length=20, auto_complete="off", auto_capitalize="none"
                    ),
                    rx.cond(
                        privacy.has_password,
                        text_field(
                            t("privacy.erase_password"), "password", type="password", auto_complete="current-password"
                        ),
                        rx.el.p(t("privacy.erase_no_password"), class_name="text-13 text-ink-2"),
                    ),
                    url="/v1/account/erasure",
                    submit=t("privacy.erase_submit"),
                    on_done=privacy.close,
                    on_cancel=privacy.close,
                    kind="danger",
                ),
                class_name="p-5",
            ),
        ),
        open=privacy.is_asking_erasure,
        on_close=privacy.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "erase-title"},
    )
