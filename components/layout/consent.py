"""Consent to analytics: a quiet notice at the foot of the page that blocks nothing, and a switch for the settings."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class


class _ConsentNotice(rx.Component):
    """The part in assets/ui/consent.js."""

    library = "$/public/ui/consent.js"
    tag = "ConsentNotice"
    class_name: rx.Var[str]  # type: ignore[assignment]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]


class _ConsentSwitch(rx.Component):
    """The other part in assets/ui/consent.js."""

    library = "$/public/ui/consent.js"
    tag = "ConsentSwitch"
    class_name: rx.Var[str]  # type: ignore[assignment]
    on: rx.Var[bool]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_change: rx.EventHandler[rx.event.no_args_event_spec]


def consent_notice() -> rx.Component:
    """Return the notice. It shows itself only where there are analytics and this browser has not answered."""
    return _ConsentNotice.create(
        labels={
            "title": t("consent.title"),
            "text": t("consent.text"),
            "allow": t("consent.allow"),
            "refuse": t("consent.refuse"),
        },
        classes={
            "text": "text-13 text-ink-2",
            "buttons": "flex gap-2 shrink-0",
            "button": button_class(),  # both the same: neither answer is pushed
        },
        class_name="fixed bottom-4 right-4 max-md:bottom-20 max-md:inset-x-4 z-40 max-w-[440px] flex flex-wrap items-center "
        "justify-end gap-3 p-4 rounded-8 border border-line-strong bg-ground",
    )


def consent_switch(on: Any, on_change: Any) -> rx.Component:
    """Return the switch; `on` is what the account says."""
    track = "inline-flex items-center w-9 h-5 p-0.5 rounded-full shrink-0 border transition-colors duration-100 "
    knob = "size-3.5 rounded-full transition-transform duration-100 "
    return _ConsentSwitch.create(
        on=on,
        on_change=on_change,
        labels={"label": t("consent.switch"), "failed": t("api_form.failed")},
        classes={
            "switch": "inline-flex items-center gap-3 min-h-9 max-md:min-h-11 text-14 text-left",
            "track": track + "bg-raised border-line-strong",
            "trackOn": track + "bg-accent-fill border-transparent",
            "knob": knob + "bg-ink-3",
            "knobOn": knob + "bg-accent-ink translate-x-4",
            "problem": "text-13 text-loss font-strong empty:hidden",
        },
    )
