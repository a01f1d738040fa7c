"""The few parts that need the browser: small React components in assets/ui, wrapped."""

from typing import Any

import reflex as rx


class _Browser(rx.Component):
    """A component of ours that lives in `assets/ui`."""

    class_name: rx.Var[str]  # type: ignore[assignment]


class RelativeTime(_Browser):
    """A moment as "2 min ago" that stays true, the absolute time on hover."""

    library = "$/public/ui/relative_time.js"
    tag = "RelativeTime"
    at: rx.Var[str]
    ahead: rx.Var[bool]


class Freshness(_Browser):
    """The newest block and its age; amber past `stale_after` seconds."""

    library = "$/public/ui/freshness.js"
    tag = "Freshness"
    block: rx.Var[str]
    at: rx.Var[str]
    stale_after: rx.Var[float]
    block_label: rx.Var[str]
    stale_label: rx.Var[str]
    unknown_label: rx.Var[str]


class Flash(_Browser):
    """A value whose ground flashes once when it changes."""

    library = "$/public/ui/flash.js"
    tag = "Flash"
    value: rx.Var[str]


class Modal(_Browser):
    """A native dialog that follows `open`."""

    library = "$/public/ui/modal.js"
    tag = "Modal"
    open: rx.Var[bool]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class FormFocus(_Browser):
    """Stands in a form: focuses its first blank when it opens, and what was blamed first when `refused` counts on."""

    library = "$/public/ui/form_focus.js"
    tag = "FormFocus"
    refused: rx.Var[int]


class TabBar(_Browser):
    """Tabs in a row that scrolls: it shows the `current` one, and fades where there are more."""

    library = "$/public/ui/tab_bar.js"
    tag = "TabBar"
    current: rx.Var[str]


class RootSwitch(_Browser):
    """A button that keeps a choice of the reader on the document and in this browser."""

    library = "$/public/ui/switches.js"
    tag = "RootSwitch"
    name: rx.Var[str]
    on: rx.Var[str]
    off: rx.Var[str]


class Secret(_Browser):
    """A secret that the browser fetches from `url` when asked; it never enters a state."""

    library = "$/public/ui/secret.js"
    tag = "Secret"
    url: rx.Var[str]
    field: rx.Var[str]
    masked: rx.Var[str]
    show_label: rx.Var[str]
    hide_label: rx.Var[str]
    failed_label: rx.Var[str]
    button_class: rx.Var[str]
    text_class: rx.Var[str]


class CommandPalette(_Browser):
    """Ctrl/Cmd-K: go to a page or start something by typing its name; `g a`, `/` and `?` too."""

    library = "$/public/ui/command_palette.js"
    tag = "CommandPalette"
    items: rx.Var[list[dict[str, Any]]]
    labels: rx.Var[dict[str, str]]


def relative_time(at: Any, class_name: str = "num whitespace-nowrap") -> rx.Component:
    """Return the moment `at` (ISO 8601, UTC) relative to now."""
    return RelativeTime.create(at=at, class_name=class_name)


def time_ahead(at: Any, class_name: str = "num whitespace-nowrap") -> rx.Component:
    """Return a moment that is still to come (ISO 8601, UTC) relative to now."""
    return RelativeTime.create(at=at, ahead=True, class_name=class_name)


def flash(value: Any, class_name: str = "num") -> rx.Component:
    """Return a text that flashes when it changes."""
    return Flash.create(value=value, class_name=class_name)
