"""What fired, with what came of it."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.alert_list import kind_badge
from components.ui.address_chip import address_chip
from components.ui.amount import amount
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.data_table import Column, cell, data_table, row

_COLUMNS = (
    Column(t("history.when")),
    Column(t("history.type"), hide="md"),
    Column(t("history.what"), width="w-full"),
    Column(t("history.value"), end=True, hide="md"),
    Column(t("history.chain"), hide="lg"),
    Column(t("history.tx"), hide="lg"),
    Column(t("history.status"), hide="md"),
)


def history_table(rows: Any) -> rx.Component:
    """Return the table."""
    return data_table(t("history.caption"), _COLUMNS, rx.foreach(rows, _row))


def _row(item: Any) -> rx.Component:
    return row(
        cell(relative_time(item.at, "num text-ink-2 whitespace-nowrap")),
        cell(kind_badge(item.kind, item.kind_label), hide="md"),
        cell(
            rx.el.span(item.message, class_name=rx.cond(item.withdrawn, "line-through text-ink-3", "")),
            rx.el.span(item.rule_name, class_name="block text-12 text-ink-3"),
            rx.cond(
                item.status_why != "",
                rx.el.span(
                    toned_badge(item.status, item.status_tone),
                    rx.el.span(item.status_why, class_name="ml-1.5 text-12 text-ink-3"),
                    class_name="md:hidden block mt-0.5",
                ),
            ),
            class_name="md:min-w-56",
        ),
        cell(amount(item.value, item.detail, item.exact), end=True, hide="md"),
        cell(
            item.chain,
            rx.el.span(item.block, class_name="block text-12 text-ink-3 num"),
            hide="lg",
            class_name="whitespace-nowrap",
        ),
        cell(address_chip(item.tx_short, item.tx, item.tx_url), hide="lg"),
        cell(
            toned_badge(item.status, item.status_tone),
            rx.el.span(item.status_why, class_name="block text-12 text-ink-3 max-w-40"),
            hide="md",
        ),
        key=item.id,
    )
