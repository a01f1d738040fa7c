"""Small coloured words: a state, never colour alone."""

from typing import Any, Literal

import reflex as rx

Tone = Literal["neutral", "gain", "loss", "warn", "accent"]

_BASE = "inline-flex items-center gap-1 h-5 px-1.5 rounded-4 text-12 font-strong whitespace-nowrap "
_TONES: dict[str, str] = {
    "neutral": "bg-raised text-ink-2",
    "gain": "bg-gain-ground text-gain",
    "loss": "bg-loss-ground text-loss",
    "warn": "bg-warn-ground text-warn",
    "accent": "bg-accent-ground text-accent",
}


def badge(text: Any, tone: Tone = "neutral", **props: Any) -> rx.Component:
    """Return a badge in a fixed tone."""
    return rx.el.span(text, class_name=_BASE + _TONES[tone], **props)


def toned_badge(text: Any, tone: Any, **props: Any) -> rx.Component:
    """Return a badge whose tone is a value of the page."""
    return rx.el.span(
        text, class_name=rx.match(tone, *[(name, _BASE + classes) for name, classes in _TONES.items()], _BASE), **props
    )
