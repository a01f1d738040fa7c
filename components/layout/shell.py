"""The frame around every page of a signed-in user."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.navigation import bottom_bar, rail
from components.layout.notices import notices
from components.layout.places import PLACES, account_places
from components.layout.topbar import topbar
from components.ui.browser import CommandPalette
from components.ui.link import document_link


def shell(current: str, title: str, content: rx.Component, state: Any) -> rx.Component:
    """Return the page: skip link, rail, top bar, content, bottom bar, command palette."""
    return rx.el.div(
        document_link(t("a11y.skip"), href="#content", class_name="skip-link"),
        rail(current),
        rx.el.div(
            topbar(title, state),
            notices(state),
            rx.el.main(content, id="content", tab_index=-1, class_name="frame-content"),
            class_name="frame-main",
        ),
        bottom_bar(current),
        CommandPalette.create(items=_commands(), labels=_palette_labels(), class_name="panel panel-top"),
        class_name="frame",
    )


def _commands() -> list[dict[str, Any]]:
    pages = [
        {"text": place.label, "to": place.to, "group": t("palette.group_page"), "shortcut": place.shortcut}
        for place in (*PLACES, *account_places())
    ]
    more = [
        ("palette.new_price", "/alerts/new/?kind=price", ""),
        ("palette.new_whale", "/alerts/new/?kind=whale", ""),
        ("palette.new_rule", "/alerts/new/?", ""),
        ("palette.analytics", "/alerts/analytics/", ""),
        ("palette.live", "/alerts/?tab=live", "g l"),
        ("palette.history", "/alerts/history/", "g h"),
    ]
    portfolio = [
        {"text": t(key), "to": to, "group": t("nav.portfolio"), "shortcut": ""}
        for key, to in (
            ("palette.portfolio_positions", "/portfolio/positions/"),
            ("palette.portfolio_performance", "/portfolio/performance/"),
            ("palette.portfolio_risk", "/portfolio/risk/"),
            ("palette.portfolio_leaderboard", "/portfolio/leaderboard/"),
            ("palette.portfolio_activity", "/portfolio/activity/"),
            ("palette.rebalancing", "/portfolio/rebalancing/"),
            ("palette.exports", "/portfolio/exports/"),
            ("palette.portfolio_wallets", "/portfolio/wallets/"),
            ("palette.portfolio_nfts", "/portfolio/nfts/"),
            ("palette.portfolio_hidden", "/portfolio/hidden/"),
        )
    ]
    tax = [
        {"text": t(key), "to": to, "group": t("nav.tax"), "shortcut": ""}
        for key, to in (
            ("palette.tax_transactions", "/tax/transactions/"),
            ("palette.tax_import", "/tax/import/"),
            ("palette.tax_review", "/tax/review/"),
            ("palette.tax_reports", "/tax/reports/"),
            ("palette.tax_optimisation", "/tax/optimisation/"),
        )
    ]
    actions = [
        {
            "text": t(key),
            "to": to,
            "group": t("nav.alerts"),
            "shortcut": keys,
            "comesBack": to.startswith("/alerts/new/"),
        }
        for key, to, keys in more
    ]
    api = [
        {"text": t("palette.api"), "to": "/docs", "group": t("palette.group_page"), "shortcut": "", "document": True}
    ]
    return pages + portfolio + tax + actions + api


def _palette_labels() -> dict[str, str]:
    return {"title": t("palette.title"), "placeholder": t("palette.placeholder"), "nothing": t("palette.nothing")}
