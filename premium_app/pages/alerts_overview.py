"""The overview of all alerts: numbers, the live feed, rules by type, what was held back."""

from typing import Any

import reflex as rx

from components.charts.bars import ranking
from components.i18n import t
from components.ui.browser import time_ahead
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.icon import icon
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from premium_app.pages.alerts_live import live_tab
from state.alert_figures_state import AlertFiguresState

# On the class, a state's attributes are values of the page.
figures: Any = AlertFiguresState

_HELD_ICONS = ("lock", "moon", "newspaper", "layers")
_HELD_ROW = "flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 border-b border-line last:border-0"
_LINK = "text-13 text-accent hover:underline inline-flex items-center max-md:min-h-11"


def overview_tab() -> rx.Component:
    """Return the tab."""
    return rx.el.div(
        rx.el.h2(t("overview.numbers"), class_name="sr-only"),
        rx.el.div(
            rx.cond(
                figures.loaded,
                rx.foreach(figures.tiles, lambda tile: kpi_tile(tile)),
                rx.fragment(*[kpi_skeleton() for _ in range(5)]),
            ),
            class_name="grid gap-3 grid-cols-2 lg:grid-cols-5 max-lg:[&>:last-child]:col-span-2",
        ),
        plan_limit(figures.paused_by_plan, ""),
        rx.cond(figures.held.length() > 0, _held()),
        rx.el.div(
            live_tab(),
            rx.el.div(_advice(), _kinds(), class_name="flex flex-col gap-4 min-w-0"),
            class_name="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(280px,1fr)] items-start",
        ),
        class_name="flex flex-col gap-4",
    )


def _held() -> rx.Component:
    """What is not told yet: why, until when, and where to see it. Nothing where nothing is held back."""
    return card(
        t("held.title"),
        rx.el.ul(
            rx.foreach(
                figures.held,
                lambda item: rx.el.li(
                    rx.match(item.icon, *[(name, icon(name, 16, "text-ink-3")) for name in _HELD_ICONS], icon("clock")),
                    rx.el.div(
                        rx.el.p(item.text, class_name="text-14 font-strong"),
                        rx.el.p(item.why, class_name="text-13 text-ink-2"),
                        class_name="min-w-0 flex-1 basis-56",
                    ),
                    rx.el.p(
                        t("held.until"),
                        " ",
                        time_ahead(item.until, "num"),
                        rx.cond(
                            item.last_until != "",
                            rx.fragment(" ", t("held.last"), " ", time_ahead(item.last_until, "num")),
                        ),
                        class_name="text-13 text-ink-2 whitespace-nowrap",
                    ),
                    rx.el.div(
                        rx.cond(item.plans, link(t("limits.compare"), to="/pricing/", class_name=_LINK)),
                        link(item.link_text, to=item.href, class_name=_LINK),
                        class_name="flex flex-wrap gap-x-4",
                    ),
                    key=item.key,
                    class_name=_HELD_ROW,
                ),
            ),
            class_name="m-0 p-0 list-none",
        ),
        action=link(t("held.change"), to="/settings/channels/", class_name=_LINK),
        note=t("held.note"),
    )


def _advice() -> rx.Component:
    """What is worth doing, with the reason; one press does it."""
    return card(
        t("advice.title"),
        rx.cond(
            figures.advice_loaded,
            rx.cond(
                figures.advice.length() > 0,
                rx.el.ul(
                    rx.foreach(
                        figures.advice,
                        lambda row: rx.el.li(
                            rx.el.p(row.title, class_name="text-14 font-strong"),
                            rx.el.p(row.reason, class_name="text-13 text-ink-2 mt-0.5"),
                            rx.el.div(
                                button(t("advice.accept"), on_click=figures.accept(row.id)),
                                button(t("advice.dismiss"), "ghost", on_click=figures.dismiss(row.id)),
                                class_name="flex flex-wrap gap-2 mt-2",
                            ),
                            key=row.id,
                            class_name="px-4 py-3 border-b border-line last:border-0",
                        ),
                    ),
                    class_name="m-0 p-0 list-none",
                ),
                rx.el.p(t("advice.none"), class_name="px-4 py-3 text-13 text-ink-2"),
            ),
            skeleton_rows(2),
        ),
        note=t("advice.note"),
    )


def _kinds() -> rx.Component:
    return card(
        t("figures.kinds"),
        rx.cond(
            figures.loaded,
            rx.cond(
                figures.kinds.length() > 0,
                ranking(figures.kinds),
                empty_state(
                    "bell-plus",
                    t("dashboard.none_title"),
                    t("dashboard.none_text"),
                    link_button(t("alerts.new"), "/alerts/new/?kind=price&back=%2Falerts%2F", icon_name="plus"),
                ),
            ),
            skeleton_rows(3),
        ),
        note=t("figures.kinds_note"),
    )
