"""The live tab: alerts appear on top as they are stored; they wait while the reader is on a row."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.alert_list import alert_list, alert_list_empty
from components.ui.badge import badge
from components.ui.button import button
from components.ui.card import card
from components.ui.skeleton import skeleton_rows
from state.alert_rows import kind_icons
from state.live_state import LiveState

# On the class, a state's attributes are values of the page.
live: Any = LiveState


def live_tab() -> rx.Component:
    """Return the feed."""
    return card(
        t("live.title"),
        rx.el.div(
            rx.cond(
                live.loaded,
                rx.cond(
                    live.feed.length() > 0,
                    alert_list(live.feed, kind_icons()),
                    alert_list_empty("/alerts/?tab=live"),
                ),
                skeleton_rows(8),
            ),
            on_mouse_enter=live.pause,
            on_mouse_leave=live.resume,
            custom_attrs={"aria-live": "polite", "aria-relevant": "additions"},
        ),
        action=rx.cond(
            live.held.length() > 0,
            button(rx.fragment(live.held_text, " ", t("live.held")), on_click=live.resume),
            rx.cond(live.paused, badge(t("live.paused"), "warn"), badge(t("live.on"), "gain")),
        ),
        note=t("live.note"),
    )
