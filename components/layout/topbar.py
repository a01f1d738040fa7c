"""The bar above every page: title, what chain data it shows and how old, the bell, the account."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.account_menu import account_menu
from components.ui.badge import badge
from components.ui.browser import Freshness
from components.ui.button import link_button
from components.ui.icon import icon
from components.ui.link import link


def freshness(shell: Any) -> rx.Component:
    """Return the newest block and its age."""
    return Freshness.create(
        block=shell.block,
        at=shell.block_at,
        stale_after=shell.stale_after_seconds,
        block_label=t("freshness.block"),
        stale_label=t("freshness.stale"),
        unknown_label=t("freshness.unknown"),
        class_name="freshness num",
    )


def _bell(shell: Any) -> rx.Component:
    return link(
        icon("bell"),
        rx.cond(
            shell.unseen > 0,
            rx.el.span(
                shell.unseen_text,
                class_name="absolute -top-1 -right-1 min-w-4 h-4 px-1 rounded-full bg-accent-fill text-accent-ink text-[10px] "
                "leading-4 text-center font-strong num",
            ),
        ),
        rx.el.span(t("nav.live_alerts"), class_name="sr-only"),
        to="/alerts/?tab=live",
        title=t("nav.live_alerts"),
        class_name="relative inline-flex items-center justify-center size-8 max-md:size-11 rounded-6 text-ink-2 hover:bg-raised "
        "hover:text-ink",
    )


def topbar(title: str, shell: Any) -> rx.Component:
    """Return the top bar; `shell` is the state that knows the account and the chain's head."""
    return rx.el.header(
        rx.el.h1(title, class_name="text-16 font-strong tracking-tight truncate"),
        rx.cond(shell.is_demo, badge(t("demo.badge"), "warn", title=t("demo.explained"))),
        rx.el.div(
            rx.el.div(rx.cond(shell.email != "", freshness(shell)), class_name="mr-1"),
            rx.el.button(
                icon("search", 14),
                rx.el.span(t("palette.open"), class_name="max-lg:hidden"),
                rx.el.kbd("Ctrl K", class_name="max-lg:hidden mono text-12 text-ink-3"),
                type="button",
                aria_label=t("palette.title"),
                on_click=rx.call_function(rx.Var("(() => window.dispatchEvent(new Event('open-palette')))")),
                class_name="max-md:hidden inline-flex items-center gap-2 h-8 px-2.5 rounded-6 border border-line "
                "text-13 text-ink-2 hover:border-line-strong hover:text-ink",
            ),
            rx.cond(
                shell.is_visitor,
                link_button(t("sign_in.title"), "/sign-in/"),
                rx.fragment(_bell(shell), account_menu(shell.email, shell.initial, shell.plan)),
            ),
            class_name="ml-auto flex items-center gap-2 max-md:gap-0",
        ),
        class_name="frame-topbar",
    )
