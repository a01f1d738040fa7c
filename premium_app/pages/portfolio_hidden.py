"""Portfolio → Hidden tokens: what is left out as spam, why, and the way back; and what is counted as a position."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.address_chip import address_chip
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from state.portfolio_hidden_state import PortfolioHiddenState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioHiddenState


def portfolio_hidden_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "hidden",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.fragment(
                _hidden(),
                rx.cond(page.counted.length() > 0, _counted()),
                rx.cond(page.kept.length() > 0, _kept()),
            ),
        ),
        shell_state=ShellState,
    )


def _hidden() -> rx.Component:
    return card(
        t("portfolio.hidden_title"),
        rx.cond(
            page.loaded,
            rx.cond(
                page.hidden.length() > 0,
                rx.el.ul(
                    rx.foreach(
                        page.hidden,
                        lambda item: _token(
                            item,
                            rx.cond(
                                item.by_user,
                                button(
                                    t("portfolio.undo"),
                                    icon_name="undo-2",
                                    on_click=page.undo(item.chain_id, item.token),
                                ),
                                button(
                                    t("portfolio.show"), icon_name="eye", on_click=page.show(item.chain_id, item.token)
                                ),
                            ),
                        ),
                    ),
                    aria_label=t("portfolio.hidden_title"),
                    class_name="m-0 p-0 list-none",
                ),
                empty_state("eye-off", t("portfolio.hidden_none"), t("portfolio.hidden_none_text")),
            ),
            skeleton_rows(3),
        ),
        note=page.note,
    )


def _counted() -> rx.Component:
    """Tokens that are no holdings of their own: the portfolio counts what they stand for."""
    return card(
        t("portfolio.counted_title"),
        rx.el.ul(
            rx.foreach(page.counted, _stands_for),
            aria_label=t("portfolio.counted_title"),
            class_name="m-0 p-0 list-none",
        ),
        note=t("portfolio.counted_note"),
    )


def _stands_for(item: Any) -> rx.Component:
    return rx.el.li(
        _named(item),
        rx.el.p(t("portfolio.counted_in"), " ", item.protocol, class_name="text-13 text-ink-2 mt-1"),
        key=item.key,
        class_name="px-4 py-3 border-b border-line last:border-0",
    )


def _kept() -> rx.Component:
    return card(
        t("portfolio.kept_title"),
        rx.el.ul(
            rx.foreach(
                page.kept,
                lambda item: _token(
                    item,
                    button(t("portfolio.undo"), icon_name="undo-2", on_click=page.undo(item.chain_id, item.token)),
                ),
            ),
            aria_label=t("portfolio.kept_title"),
            class_name="m-0 p-0 list-none",
        ),
        note=t("portfolio.kept_note"),
    )


def _named(item: Any) -> rx.Component:
    return rx.fragment(
        rx.el.p(
            rx.el.span(item.symbol, class_name="text-14 font-strong break-all"),
            rx.el.span(item.name, class_name="text-13 text-ink-2 break-all"),
            badge(item.chain),
            class_name="flex flex-wrap items-center gap-2",
        ),
        rx.el.div(address_chip(item.short, item.token, item.url), class_name="text-13"),
    )


def _token(item: Any, action: rx.Component) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            _named(item),
            rx.el.ul(
                rx.foreach(item.reasons, lambda reason: rx.el.li(reason, class_name="text-13 text-ink-2")),
                class_name="m-0 mt-1 pl-4 list-disc",
            ),
            rx.cond(
                item.decided_at != "",
                rx.el.p(
                    t("portfolio.decided"), " ", relative_time(item.decided_at), class_name="text-12 text-ink-3 mt-1"
                ),
            ),
            class_name="min-w-0 flex-1 basis-64",
        ),
        action,
        key=item.key,
        class_name="flex flex-wrap items-start gap-3 px-4 py-3 border-b border-line last:border-0",
    )
