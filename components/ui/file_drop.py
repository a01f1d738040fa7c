"""A place to drop a file or to choose one; the browser sends it to the API itself, so it enters no state."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class
from components.ui.icon import icon

_ZONE = (
    "flex flex-col items-center justify-center gap-2 px-6 py-10 text-center border border-dashed rounded-8 cursor-pointer "
    "focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent transition-colors duration-100"
)


class _FileDrop(rx.Component):
    """The part in assets/ui/file_drop.js."""

    library = "$/public/ui/file_drop.js"
    tag = "FileDrop"
    class_name: rx.Var[str]  # type: ignore[assignment]
    url: rx.Var[str]
    accept: rx.Var[str]
    max_bytes: rx.Var[int]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_done: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def file_drop(title: Any, text: Any, *, url: str, accept: str, max_megabytes: int, on_done: Any) -> rx.Component:
    """Return the place: `title` is what to do, `text` what is taken. `on_done` gets the id that the API answers."""
    return _FileDrop.create(
        icon("file-up", 24, "text-ink-3"),
        rx.el.span(title, class_name="text-14 font-strong"),
        rx.el.span(t("file_drop.choose"), class_name=button_class("primary")),
        rx.el.span(text, class_name="text-13 text-ink-2"),
        url=url,
        accept=accept,
        max_bytes=max_megabytes * 1024 * 1024,
        labels={
            "onlyOne": t("file_drop.only_one"),
            "tooLarge": t("file_drop.too_large", megabytes=max_megabytes),
            "empty": t("file_drop.empty"),
            "failed": t("api_form.failed"),
            "sending": t("file_drop.sending"),
            "reading": t("file_drop.reading"),
            "stop": t("file_drop.stop"),
        },
        classes={
            "zone": _ZONE,
            "calm": "border-line-strong hover:bg-raised",
            "over": "border-accent bg-accent-ground",
            "inside": "flex flex-col items-center gap-2",
            "input": "sr-only",
            "state": "mt-3 empty:hidden",
            "line": "flex flex-wrap items-center gap-x-4 gap-y-1 text-13 text-ink-2 mt-2",
            "name": "min-w-0 flex-1 break-all",
            "stop": button_class(),
            "problem": "text-13 text-loss font-strong empty:hidden mt-3 break-words",
        },
        on_done=on_done,
    )
