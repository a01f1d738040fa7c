"""Large transfers as they were seen on the chain."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.address_chip import address_chip
from components.ui.amount import amount
from components.ui.browser import relative_time
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.link import external_link

_COLUMNS = (
    Column(t("transfers.when")),
    Column(t("transfers.value"), end=True),
    Column(t("transfers.from")),
    Column(t("transfers.to")),
)


def transfer_table(rows: Any) -> rx.Component:
    """Return the table, or what stands in its place."""
    return rx.cond(
        rows.length() > 0,
        data_table(t("overview.transfers"), _COLUMNS, rx.foreach(rows, _row)),
        empty_state("arrow-left-right", t("transfers.none_title"), t("transfers.none_text")),
    )


def _row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.cond(
                item.tx_url != "",
                external_link(
                    relative_time(item.at), href=item.tx_url, class_name="text-ink-2 hover:text-ink hover:underline"
                ),
                relative_time(item.at, "num text-ink-2 whitespace-nowrap"),
            )
        ),
        cell(amount(item.value, item.amount, item.exact), end=True),
        cell(address_chip(item.from_short, item.from_full, item.from_url)),
        cell(address_chip(item.to_short, item.to_full, item.to_url)),
        key=item.key,
    )
