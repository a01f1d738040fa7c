"""A chart over time in its card, with the ranges to choose from and the source below its title."""

from typing import Any

import reflex as rx

from components.charts.time_chart import time_chart
from components.i18n import t
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.segmented_links import segmented_links


def chart_card(state: Any, none_title: str, none_text: str) -> rx.Component:
    """Return the card of a state's `chart` and `ranges`; without points it says so in as much room."""
    return card(
        state.chart.title,
        rx.cond(
            state.chart.points.length() > 0,
            time_chart(state.chart),
            rx.el.div(
                empty_state("chart-line", none_title, none_text),
                class_name="min-h-[332px] max-md:min-h-[304px] flex items-center justify-center",
            ),
        ),
        action=rx.el.div(segmented_links(t("chart.range"), state.ranges), class_name="max-w-full overflow-x-auto"),
        note=state.chart.source,
    )
