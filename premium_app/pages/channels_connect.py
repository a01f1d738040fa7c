"""The channels page: ways to add a channel. Browsers, chats and hooks prove themselves; nothing secret enters a state."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.api_form import api_form
from components.ui.button import button
from components.ui.card import card
from components.ui.channels import bot_code, push_switch
from components.ui.field import text_field
from components.ui.icon import icon
from components.ui.skeleton import skeleton_rows
from state.channels_state import ChannelsState

# On the class, a state's attributes are values of the page.
page: Any = ChannelsState

_TYPED = (("webhook", "webhook", "url"), ("slack", "hash", "url"), ("discord", "message-circle", "url"))


def connect_section() -> rx.Component:
    """Return the card of ways to connect; what is not set up here is not offered."""
    return card(
        t("channels.connect"),
        rx.cond(
            page.loaded,
            rx.el.div(
                rx.cond(
                    page.has_push,
                    rx.el.div(
                        icon("bell-ring", 20, "text-ink-3"),
                        push_switch(page.known, page.refresh),
                        class_name="flex items-start gap-3 px-4 py-3",
                    ),
                ),
                rx.cond(page.bots.contains("telegram"), _bot("telegram", "send")),
                rx.cond(page.bots.contains("discord"), _bot("discord", "message-circle")),
                *[
                    rx.cond(page.typed.contains(name), _typed(name, icon_name, kind))
                    for name, icon_name, kind in _TYPED
                ],
                class_name="divide-y divide-line",
            ),
            skeleton_rows(3),
        ),
        note=t("channels.connect_note"),
    )


def _bot(name: str, icon_name: str) -> rx.Component:
    return rx.el.div(
        icon(icon_name, 20, "text-ink-3"),
        rx.el.div(
            rx.el.span(t(f"channels.connect_{name}"), class_name="block text-14 font-strong"),
            rx.el.span(t(f"channels.connect_{name}_text"), class_name="block text-13 text-ink-2 mb-2"),
            bot_code(name, page.known, page.refresh),
            class_name="min-w-0 flex-1",
        ),
        class_name="flex items-start gap-3 px-4 py-3",
    )


def _typed(name: str, icon_name: str, kind: str) -> rx.Component:
    is_open = page.adding == name
    return rx.el.div(
        rx.el.div(
            icon(icon_name, 20, "text-ink-3"),
            rx.el.div(
                rx.el.span(t(f"channels.add_{name}"), class_name="block text-14 font-strong"),
                rx.el.span(t(f"channels.add_{name}_text"), class_name="block text-13 text-ink-2"),
                class_name="min-w-0 flex-1",
            ),
            rx.cond(
                is_open,
                rx.fragment(),
                button(
                    t("channels.add"),
                    icon_name="plus",
                    on_click=page.open_add(name),
                    aria_label=f"{t('channels.add')}: {t(f'channels.add_{name}')}",
                ),
            ),
            class_name="flex items-start gap-3",
        ),
        rx.cond(
            is_open,
            rx.el.div(
                api_form(
                    rx.el.input(type="hidden", name="channel", value=name, read_only=True),
                    text_field(t("channels.label"), "label", max_length=80, auto_complete="off", auto_focus=True),
                    text_field(
                        t(f"channels.target_{name}"),
                        "target",
                        type=kind,
                        placeholder=t(f"channels.target_{name}_example"),
                        auto_complete="off",
                        spell_check=False,
                    ),
                    url="/v1/notifications/channels",
                    submit=t("channels.add"),
                    on_done=page.added,
                    on_cancel=page.close,
                ),
                class_name="mt-3 pl-8 max-md:pl-0",
            ),
        ),
        class_name="px-4 py-3",
    )
