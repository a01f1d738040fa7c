"""Calls an event every few seconds while it is on the page and the page is looked at."""

from typing import Any

import reflex as rx


class _Ticker(rx.Component):
    """The part in assets/ui/ticker.js."""

    library = "$/public/ui/ticker.js"
    tag = "Ticker"
    every_seconds: rx.Var[float]
    on_tick: rx.EventHandler[rx.event.no_args_event_spec]


def ticker(on_tick: Any, every_seconds: float = 1.0) -> rx.Component:
    """Return the part; it shows nothing. Put it where a condition takes it off the page when all is done."""
    return _Ticker.create(on_tick=on_tick, every_seconds=every_seconds)
