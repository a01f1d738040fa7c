"""The live tab: alerts appear on top as they are stored; they wait while the reader is on a row."""

import reflex as rx

from components.i18n import t
from components.tables.alert_list import alert_list, alert_list_empty
from components.ui.badge import badge
from components.ui.button import button
from components.ui.card import card
from components.ui.skeleton import skeleton_rows
from state.live_state import LiveState


def live_tab() -> rx.Component:
    """Return the feed."""
    return card(
        t("live.title"),
        rx.el.div(
            rx.cond(
                LiveState.loaded,
                rx.cond(LiveState.feed.length() > 0, alert_list(LiveState.feed), alert_list_empty()),  # pyright: ignore
                skeleton_rows(8),
            ),
            on_mouse_enter=LiveState.pause,
            on_mouse_leave=LiveState.resume,
            custom_attrs={"aria-live": "polite", "aria-relevant": "additions"},
        ),
        action=rx.cond(
            LiveState.held.length() > 0,  # pyright: ignore[reportAttributeAccessIssue]
            button(rx.fragment(LiveState.held_text, " ", t("live.held")), on_click=LiveState.resume),
            rx.cond(LiveState.paused, badge(t("live.paused"), "warn"), badge(t("live.on"), "gain")),
        ),
        note=t("live.note"),
    )
