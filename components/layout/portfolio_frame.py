"""The frame of the portfolio's pages: their tabs above, the one primary action at the right."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.shell import shell
from components.ui.tabs import tabs

_TABS = (
    ("overview", "/portfolio/"),
    ("positions", "/portfolio/positions/"),
    ("activity", "/portfolio/activity/"),
    ("performance", "/portfolio/performance/"),
    ("risk", "/portfolio/risk/"),
    ("rebalancing", "/portfolio/rebalancing/"),
    ("exports", "/portfolio/exports/"),
    ("leaderboard", "/portfolio/leaderboard/"),
    ("wallets", "/portfolio/wallets/"),
    ("nfts", "/portfolio/nfts/"),
    ("hidden", "/portfolio/hidden/"),
)


def portfolio_frame(current: str, *content: Any, shell_state: Any, action: rx.Component | None = None) -> rx.Component:
    """Return a page of the portfolio whose tab is `current`."""
    return shell(
        "portfolio",
        t("nav.portfolio"),
        rx.el.div(
            rx.el.div(
                tabs(t("portfolio.tabs"), [(key, t(f"portfolio.tab_{key}"), to) for key, to in _TABS], current),
                action,
                class_name="flex items-start justify-between gap-4 max-md:flex-col-reverse max-md:items-stretch",
            ),
            *content,
            class_name="flex flex-col gap-4",
        ),
        shell_state,
    )
