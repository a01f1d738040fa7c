"""Settings → Channels: where one is told, what goes where and when, webhooks, and how every message fared."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.settings_frame import settings_frame
from components.ui.badge import toned_badge
from components.ui.browser import Modal, relative_time
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.dialogs import confirm_dialog, drawer
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.field import text_field
from components.ui.icon import icon
from components.ui.skeleton import skeleton_rows
from premium_app.pages.channels_connect import connect_section
from premium_app.pages.channels_preferences import hours_section, kinds_section
from premium_app.pages.channels_webhooks import deliveries_section, webhooks_section
from state.channels_state import ChannelsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = ChannelsState

_ICONS = ("mail", "webhook", "bell-ring", "send", "message-circle", "hash")


def settings_channels_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "channels",
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.fragment(
                _channels(),
                connect_section(),
                webhooks_section(),
                kinds_section(),
                hours_section(),
                deliveries_section(),
                _rename(),
                _remove(),
                _result(),
            ),
        ),
        shell_state=ShellState,
    )


def _channels() -> rx.Component:
    return card(
        t("channels.title"),
        rx.cond(
            page.loaded,
            rx.cond(
                page.rows.length() > 0,
                rx.el.ul(rx.foreach(page.rows, _row), aria_label=t("channels.title")),
                empty_state("bell-off", t("channels.none_title"), t("channels.none_text")),
            ),
            skeleton_rows(3),
        ),
        note=t("channels.note"),
    )


def _row(item: Any) -> rx.Component:
    mark = rx.match(item.icon, *[(name, icon(name, 20, "text-ink-3")) for name in _ICONS], icon("bell", 20))
    return rx.el.li(
        rx.el.span(mark, class_name="mt-0.5"),
        rx.el.div(
            rx.el.div(
                rx.el.span(item.label, class_name="text-14 font-strong break-words min-w-0"),
                toned_badge(item.status, item.tone),
                class_name="flex flex-wrap items-center gap-x-2 gap-y-1",
            ),
            rx.el.span(
                item.name,
                rx.cond(item.shown != "", rx.fragment(" · ", rx.el.span(item.shown, class_name="break-all"))),
                class_name="block text-13 text-ink-2",
            ),
            rx.cond(item.problem != "", rx.el.span(item.problem, class_name="block text-13 text-loss break-words")),
            rx.cond(
                item.used_at != "",
                rx.el.span(t("channels.used"), " ", relative_time(item.used_at), class_name="block text-12 text-ink-3"),
                rx.el.span(t("channels.never_used"), class_name="block text-12 text-ink-3"),
            ),
            class_name="min-w-0 flex-1 basis-48",
        ),
        rx.el.div(
            rx.cond(
                item.can_test,
                button(
                    rx.cond(page.testing_id == item.id, t("channels.testing"), t("channels.test")),
                    icon_name="send",
                    disabled=page.testing_id != "",
                    on_click=page.test(item.id),
                    aria_label=t("channels.test") + ": " + item.label,
                ),
            ),
            rx.cond(
                item.can_change,
                rx.fragment(
                    icon_button(t("channels.rename") + ": " + item.label, "pencil", on_click=page.ask_rename(item.id)),
                    icon_button(t("channels.remove") + ": " + item.label, "trash-2", on_click=page.ask_remove(item.id)),
                ),
            ),
            class_name="flex items-center gap-1",
        ),
        key=item.id,
        class_name="flex flex-wrap items-start gap-3 px-4 py-3 min-h-16 border-b border-line last:border-0",
    )


def _rename() -> rx.Component:
    return Modal.create(
        rx.cond(
            page.renaming_id != "",
            rx.el.form(
                rx.el.h2(t("channels.rename_title"), id="rename-channel-title", class_name="text-16 font-strong"),
                text_field(
                    t("channels.label"),
                    "label",
                    page.rename_problem,
                    default_value=page.renaming_label,
                    max_length=80,
                    required=True,
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=page.close),
                    button(t("channels.rename"), "primary", type="submit"),
                    class_name="flex justify-end gap-2",
                ),
                on_submit=page.rename,
                class_name="flex flex-col gap-4 p-5",
            ),
        ),
        open=page.renaming_id != "",
        on_close=page.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "rename-channel-title"},
    )


def _remove() -> rx.Component:
    return confirm_dialog(
        t("channels.remove_title"),
        rx.fragment(rx.el.strong(page.removing_name), " ", t("channels.remove_text")),
        t("channels.remove"),
        is_open=page.removing_id != "",
        on_confirm=page.remove,
        on_close=page.close,
        label_id="remove-channel-title",
    )


def _result() -> rx.Component:
    return drawer(
        t("channels.result_title"),
        rx.el.div(
            rx.el.div(
                toned_badge(page.result.status, page.result.tone),
                rx.el.span(page.result.title, class_name="text-14 font-strong break-words min-w-0"),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.cond(page.result.problem != "", rx.el.p(page.result.problem, class_name="text-13 text-loss")),
            _exchange(t("channels.asked"), page.result.asked, page.result.sent),
            _exchange(t("channels.answered"), page.result.answered + " " + page.result.took, page.result.answer),
            class_name="flex flex-col gap-4 p-5 overflow-y-auto",
        ),
        is_open=page.has_result,
        on_close=page.close,
        label_id="channel-test-title",
    )


def _exchange(title: str, line: Any, content: Any) -> rx.Component:
    return rx.el.section(
        rx.el.h3(title, class_name="text-13 font-strong mb-1"),
        rx.el.p(line, class_name="mono text-12 text-ink-2 break-all empty:hidden mb-1"),
        rx.cond(
            content != "",
            rx.el.pre(
                content,
                tab_index=0,
                aria_label=title,
                class_name=(
                    "mono text-12 whitespace-pre-wrap break-all p-3 rounded-6 border border-line bg-raised max-h-80 "
                    "overflow-y-auto"
                ),
            ),
            rx.el.p(t("channels.nothing"), class_name="text-13 text-ink-3"),
        ),
    )
