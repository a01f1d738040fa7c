"""The part of the portfolio's page that shows what stands in protocols."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import badge, toned_badge
from components.ui.button import link_button
from components.ui.card import card


def positions_card(page: Any) -> rx.Component:
    """Return the accounts in protocols with what is in each; nothing where there is none."""
    return rx.cond(
        page.accounts.length() > 0,
        card(
            t("portfolio.positions"),
            rx.el.ul(
                rx.foreach(page.accounts, _account),
                aria_label=t("portfolio.positions"),
                class_name="m-0 p-0 list-none md:grid md:grid-cols-2 md:gap-px md:bg-line",
            ),
            action=link_button(t("portfolio.positions_all"), "/portfolio/positions/"),
            note=t("portfolio.positions_note"),
        ),
    )


def _account(account: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.span(account.protocol, class_name="text-14 font-strong"),
                rx.cond(account.health != "", toned_badge(account.health, account.tone)),
                class_name="flex flex-wrap items-center gap-2 min-w-0",
            ),
            rx.el.p(account.value, class_name="num text-14 font-strong"),
            class_name="flex items-start justify-between gap-4",
        ),
        rx.el.p(account.wallet, " ", badge(account.chain), class_name="text-12 text-ink-3 mt-1"),
        rx.el.dl(rx.foreach(account.lines, _line), class_name="m-0 mt-2 flex flex-col gap-1"),
        key=account.key,
        class_name="px-4 py-3 bg-surface md:last:odd:col-span-2 max-md:border-b max-md:border-line max-md:last:border-0",
    )


def _line(line: Any) -> rx.Component:
    """An amount with what it is there as, and its worth; what is unknown says why below."""
    return rx.el.div(
        rx.el.dt(line.label, class_name="text-13 text-ink-2"),
        rx.el.dd(line.amount, title=line.exact, class_name="num text-13 m-0 text-right"),
        rx.el.dd(line.value, class_name="num text-13 m-0 text-right text-ink-2"),
        rx.cond(line.why != "", rx.el.dd(line.why, class_name="text-12 text-ink-3 m-0 col-span-3")),
        key=line.key,
        class_name="grid grid-cols-[minmax(0,1fr)_auto_96px] gap-x-3 items-baseline",
    )
