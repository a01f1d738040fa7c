"""The frame of the pages of tax: their tabs above, the one primary action at the right."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.shell import shell
from components.ui.tabs import tabs

# Only what is built, in the order home, transactions, import, review, reports, optimisation, settings.
_TABS = (
    ("home", "/tax/"),
    ("transactions", "/tax/transactions/"),
    ("import", "/tax/import/"),
    ("review", "/tax/review/"),
    ("reports", "/tax/reports/"),
    ("optimisation", "/tax/optimisation/"),
    ("settings", "/tax/settings/"),
)


def has_tab(key: str) -> bool:
    """Return whether a part of tax has a page: nothing leads to one that there is not."""
    return any(key == each for each, _ in _TABS)


def tax_frame(current: str, *content: Any, shell_state: Any, action: rx.Component | None = None) -> rx.Component:
    """Return a page of tax whose tab is `current`."""
    return shell(
        "tax",
        t("nav.tax"),
        rx.el.div(
            rx.el.div(
                tabs(t("tax.tabs"), [(key, t(f"tax.tab_{key}"), to) for key, to in _TABS], current),
                action,
                class_name="flex items-start justify-between gap-4 max-md:flex-col-reverse max-md:items-stretch",
            ),
            *content,
            class_name="flex flex-col gap-4",
        ),
        shell_state,
    )
