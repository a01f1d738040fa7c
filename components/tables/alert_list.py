"""Alerts as a list of sentences, newest first: on the overview and in the live feed."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import reflex as rx

from components.i18n import t
from components.ui.address_chip import address_chip
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.button import link_button
from components.ui.empty_state import empty_state
from components.ui.icon import icon

_ICON = "inline-flex items-center justify-center size-8 rounded-full bg-raised text-ink-2 shrink-0"


def alert_item(row: Any, icons: Sequence[str], with_transaction: bool) -> rx.Component:
    """Return one alert: what happened, which rule, where, when; a withdrawn one is struck through and says why."""
    return rx.el.li(
        rx.el.span(
            rx.match(row.icon, *[(name, icon(name, 14)) for name in icons], icon("bell", 14)),
            class_name=_ICON,
        ),
        rx.el.div(
            rx.el.p(
                row.message,
                class_name=rx.cond(row.withdrawn, "text-13 line-through text-ink-3", "text-13"),
            ),
            rx.el.p(
                rx.el.span(row.rule_name, class_name="truncate max-w-56"),
                rx.el.span("·", custom_attrs={"aria-hidden": True}),
                rx.el.span(row.chain, " ", row.block, class_name="num whitespace-nowrap"),
                rx.cond(row.status_why != "", toned_badge(row.status, row.status_tone, title=row.status_why)),
                class_name="flex flex-wrap items-center gap-x-1.5 text-12 text-ink-3 mt-0.5",
            ),
            class_name="min-w-0 flex-1",
        ),
        rx.el.div(
            relative_time(row.at, "num text-12 text-ink-2 whitespace-nowrap"),
            rx.el.span(
                address_chip(row.tx_short, row.tx, row.tx_url, ""), class_name="text-12 text-ink-3 max-md:hidden"
            )
            if with_transaction
            else None,
            class_name="flex flex-col items-end shrink-0",
        ),
        key=row.id,
        class_name="flex items-start gap-3 px-4 py-2.5 border-b border-line last:border-0 hover:bg-raised appear",
    )


def alert_list(rows: Any, icons: Sequence[str], with_transaction: bool = True, **props: Any) -> rx.Component:
    """Return the list; `icons` are those that rows may have."""
    return rx.el.ol(
        rx.foreach(rows, lambda row: alert_item(row, icons, with_transaction)), class_name="m-0 p-0 list-none", **props
    )


def alert_list_empty(here: str) -> rx.Component:
    """Return what stands in place of an empty list of the page at `here`."""
    return empty_state(
        "bell",
        t("alerts.none_title"),
        t("alerts.none_text"),
        link_button(t("alerts.new"), f"/alerts/new/?kind=price&back={quote(here, safe='')}", icon_name="plus"),
    )
