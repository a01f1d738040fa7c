"""The parts of the channels page that the browser does by itself: push to this browser, codes that link a chat."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class


class _PushSwitch(rx.Component):
    """The part in assets/ui/push_switch.js."""

    library = "$/public/ui/push_switch.js"
    tag = "PushSwitch"
    class_name: rx.Var[str]  # type: ignore[assignment]
    known: rx.Var[list[str]]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_change: rx.EventHandler[rx.event.no_args_event_spec]


class _BotCode(rx.Component):
    """The part in assets/ui/bot_code.js."""

    library = "$/public/ui/bot_code.js"
    tag = "BotCode"
    class_name: rx.Var[str]  # type: ignore[assignment]
    bot: rx.Var[str]
    known: rx.Var[list[str]]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_linked: rx.EventHandler[rx.event.no_args_event_spec]


_PUSH_WORDS = ("title", "checking", "on", "off", "busy", "denied", "install", "impossible", "failed")
_CODE_WORDS = ("ask", "again", "busy", "how", "copy", "copied", "until", "failed")


def push_switch(known: Any, on_change: Any) -> rx.Component:
    """Return the row that turns push to this browser on and off; `known` are the ids of the account's channels."""
    labels = {name: t(f"channels.push_{name}") for name in _PUSH_WORDS}
    labels |= {
        "turnOn": t("channels.push_turn_on"),
        "turnOff": t("channels.push_turn_off"),
        "noService": t("channels.push_no_service"),
    }
    return _PushSwitch.create(
        known=known,
        labels=labels,
        classes={
            "text": "min-w-0 flex-1",
            "title": "block text-14 font-strong",
            "state": "block text-13 text-ink-2",
            "problem": "block text-13 text-loss font-strong empty:hidden",
            "on": button_class(),
            "off": button_class(),
        },
        on_change=on_change,
        class_name="flex flex-wrap items-center gap-3 min-w-0 flex-1",
    )


def bot_code(bot: str, known: Any, on_linked: Any) -> rx.Component:
    """Return the button that fetches a code for a bot, and the code until another channel is among the `known`."""
    labels = {name: t(f"channels.code_{name}") for name in _CODE_WORDS} | {"open": t(f"channels.code_open_{bot}")}
    return _BotCode.create(
        bot=bot,
        known=known,
        labels=labels,
        classes={
            "offer": "flex flex-col gap-2",
            "how": "text-13 text-ink-2",
            "line": "flex flex-wrap items-center gap-2",
            "code": "mono text-14 px-3 h-9 inline-flex items-center rounded-6 border border-line-strong bg-raised",
            "note": "text-12 text-ink-3",
            "button": button_class(),
            "again": button_class("ghost"),
            "problem": "text-13 text-loss font-strong empty:hidden",
        },
        on_linked=on_linked,
        class_name="flex flex-col items-start gap-2",
    )
