"""Portfolio → Rebalancing: targets, the portfolio beside one of them, and the fewest trades that lead back."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.address_chip import address_chip
from components.ui.badge import badge, toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.icon import icon
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton, skeleton_rows
from premium_app.pages.target_editor import target_editor
from state.rebalancing_state import RebalancingState
from state.shell_state import ShellState
from state.target_editor_state import TargetEditorState

# On the class, a state's attributes are values of the page.
page: Any = RebalancingState
editor: Any = TargetEditorState

_DRIFTS = (
    Column(t("rebalancing.asset")),
    Column(t("rebalancing.now"), end=True),
    Column(t("rebalancing.target"), end=True),
    Column(t("rebalancing.drift"), end=True),
    Column(t("rebalancing.drift_usd"), end=True, hide="md"),
    Column(t("rebalancing.after"), end=True, hide="md"),
    Column(t("rebalancing.mark")),
)
_LINE = "flex flex-wrap items-start gap-x-4 gap-y-3 px-4 py-3 border-b border-line last:border-0"


def portfolio_rebalancing_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "rebalancing",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(page.loaded, rx.fragment(_targets(), _plan()), _waiting()),
        ),
        target_editor(),
        confirm_dialog(
            t("rebalancing.delete_title"),
            rx.fragment(rx.el.strong(page.deleting_name), " ", t("rebalancing.delete_text")),
            t("rebalancing.delete"),
            is_open=page.deleting_id != "",
            on_confirm=page.delete,
            on_close=page.close,
            label_id="delete-target",
        ),
        shell_state=ShellState,
        action=button(t("rebalancing.new"), "primary", icon_name="plus", on_click=editor.begin),
    )


def _targets() -> rx.Component:
    return card(
        t("rebalancing.targets"),
        rx.cond(
            page.targets.length() > 0,
            rx.el.ul(
                rx.foreach(page.targets, _target), aria_label=t("rebalancing.targets"), class_name="m-0 p-0 list-none"
            ),
            empty_state("target", t("rebalancing.none_title"), t("rebalancing.none_text")),
        ),
        note=page.targets_note,
    )


def _target(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                link(
                    item.name,
                    to=item.href,
                    class_name="text-14 font-strong underline-offset-2 hover:underline break-words",
                ),
                rx.cond(item.is_active, badge(t("rebalancing.active"), "accent")),
                rx.cond(item.is_shown & ~item.is_active, badge(t("rebalancing.shown"))),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.el.p(item.summary, class_name="text-13 text-ink-2 num break-words"),
            rx.el.p(item.by, " · ", item.tolerance, class_name="text-12 text-ink-3 num"),
            class_name="min-w-0 flex-1 basis-64",
        ),
        rx.el.div(
            rx.cond(~item.is_active, button(t("rebalancing.activate"), on_click=page.activate(item.id))),
            icon_button(t("rebalancing.edit"), "pencil", on_click=editor.edit(item.id)),
            icon_button(t("rebalancing.delete"), "trash-2", on_click=page.ask_delete(item.id)),
            class_name="flex items-center gap-1",
        ),
        key=item.id,
        class_name=_LINE,
    )


def _plan() -> rx.Component:
    """The comparison and the trades; what is being computed keeps its room."""
    return rx.cond(
        page.plan_failure != "",
        error_panel(page.plan_failure, "", page.load),
        rx.cond(
            ~page.has_plan,
            rx.fragment(skeleton("h-64 w-full"), skeleton("h-48 w-full")),
            rx.match(
                page.status,
                ("no_target", rx.fragment()),
                (
                    "no_portfolio",
                    card(
                        t("rebalancing.compared"),
                        empty_state(
                            "wallet",
                            t("portfolio.none_title"),
                            t("rebalancing.no_portfolio"),
                            link(
                                t("portfolio.add_wallet"),
                                to="/portfolio/wallets/",
                                class_name="text-14 font-strong text-accent underline underline-offset-2",
                            ),
                        ),
                    ),
                ),
                rx.fragment(_summary(), _drifts(), _trades(), rx.cond(page.left_out.length() > 0, _left_out())),
            ),
        ),
    )


def _summary() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            toned_badge(
                rx.match(
                    page.status,
                    ("balanced", t("rebalancing.status_balanced")),
                    ("planned", t("rebalancing.status_planned")),
                    ("out_of_time", t("rebalancing.status_out_of_time")),
                    t("rebalancing.status_impossible"),
                ),
                page.tone,
            ),
            rx.el.span(t("portfolio.as_of"), " ", relative_time(page.taken_at)),
            rx.cond(~page.is_complete, badge(t("portfolio.incomplete"), "warn")),
            rx.el.span(rx.cond(page.planning, rx.fragment(t("rebalancing.planning"))), role="status"),
            class_name="flex flex-wrap items-center gap-2 text-13 text-ink-2",
        ),
        rx.cond(page.message != "", rx.el.p(page.message, class_name="text-14")),
        class_name="flex flex-col gap-1.5",
    )


def _drifts() -> rx.Component:
    return card(
        t("rebalancing.compared"),
        data_table(t("rebalancing.compared"), _DRIFTS, rx.foreach(page.drifts, _drift)),
        note=rx.fragment(page.shown_name, " · ", page.drifts_note),
    )


def _drift(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.p(item.name, class_name="font-strong break-words"),
            rx.el.div(
                rx.el.div(class_name="h-1 rounded-full bg-accent-fill", style={"width": item.width}),
                rx.el.div(class_name="absolute -top-1 h-3 w-0.5 bg-ink", style={"left": item.tick}),
                class_name="relative h-1 mt-1.5 mb-1 rounded-full bg-raised",
                custom_attrs={"aria-hidden": True},
            ),
            class_name="min-w-28",
        ),
        cell(item.share, rx.el.span(item.value, class_name="block text-12 text-ink-3"), end=True),
        cell(item.target, end=True),
        cell(item.drift, end=True, class_name="whitespace-nowrap"),
        cell(item.drift_usd, end=True, hide="md"),
        cell(item.after, end=True, hide="md"),
        cell(toned_badge(item.mark, item.tone)),
        key=item.key,
    )


def _trades() -> rx.Component:
    return card(
        t("rebalancing.trades"),
        rx.cond(
            page.trades.length() > 0,
            rx.el.ol(
                rx.foreach(page.trades, _trade), aria_label=t("rebalancing.trades"), class_name="m-0 p-0 list-none"
            ),
            empty_state(
                "list-checks",
                rx.cond(page.status == "balanced", t("rebalancing.nothing_to_do"), t("rebalancing.status_impossible")),
                t("rebalancing.why_above"),
            ),
        ),
        rx.cond(
            (page.total != "") | (page.rejected > 0),
            rx.el.div(
                rx.el.p(page.total, class_name="num text-13 font-strong empty:hidden"),
                rx.cond(
                    page.rejected > 0,
                    rx.el.div(
                        rx.el.span(page.rejected.to_string(), " ", t("rebalancing.rejected"), class_name="num"),
                        button(t("rebalancing.forget"), icon_name="undo-2", on_click=page.forget_rejected),
                        class_name="flex flex-wrap items-center gap-3 text-13 text-ink-2",
                    ),
                ),
                class_name="flex flex-wrap items-center justify-between gap-3 px-4 py-3 border-t border-line",
            ),
        ),
        action=rx.cond(
            page.trades.length() > 0,
            rx.el.div(
                button(
                    t("rebalancing.copy"),
                    icon_name="copy",
                    on_click=[rx.set_clipboard(page.copied), rx.toast.success(t("rebalancing.copied"))],
                ),
                button("CSV", icon_name="download", on_click=page.download, aria_label=t("rebalancing.csv")),
                class_name="flex gap-2",
            ),
        ),
        note=rx.fragment(t("rebalancing.trades_note"), " ", page.sources),
    )


def _trade(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.span(t("rebalancing.sell"), " "),
                rx.el.strong(item.sell, class_name="font-strong num"),
                rx.el.span(" (", item.sell_usd, ") ", class_name="num text-ink-2"),
                icon("arrow-right", 14, "inline text-ink-3"),
                rx.el.span(" ", t("rebalancing.buy"), " "),
                rx.el.strong(item.buy, class_name="font-strong num"),
                rx.el.span(" (", item.buy_usd, ")", class_name="num text-ink-2"),
                class_name="text-14 break-words",
            ),
            rx.el.p(item.why, class_name="text-13 text-ink-2 num"),
            rx.el.p(
                rx.el.span(item.chain, " · "),
                address_chip(item.wallet_name, item.wallet, ""),
                rx.el.span(
                    t("rebalancing.gas"), " ", item.gas, " · ", t("rebalancing.slippage"), " ", item.slippage,
                    class_name="num",
                ),
                rx.cond(item.pools != "", rx.el.span(t("rebalancing.pools"), " ", item.pools, class_name="num")),
                class_name="flex flex-wrap items-center gap-x-3 gap-y-1 text-12 text-ink-3",
            ),
            rx.foreach(
                item.notes,
                lambda note: rx.el.p(
                    icon("triangle-alert", 14, "text-warn mt-0.5"),
                    rx.el.span(note),
                    class_name="flex items-start gap-1.5 text-12 text-ink-2",
                ),
            ),
            class_name="min-w-0 flex-1 basis-72 flex flex-col gap-1",
        ),
        rx.el.div(
            _answer(item, "accepted", t("rebalancing.accept"), "check"),
            _answer(item, "rejected", t("rebalancing.reject"), "x"),
            class_name="flex items-center gap-2",
        ),
        key=item.id,
        class_name=_LINE,
    )  # fmt: skip


def _answer(item: Any, said: str, label: str, icon_name: str) -> rx.Component:
    return button(
        label,
        icon_name=icon_name,
        on_click=page.answer(item.id, said),
        custom_attrs={"aria-pressed": rx.cond(item.answer == said, "true", "false")},
        class_name="aria-pressed:bg-accent-ground aria-pressed:text-accent aria-pressed:border-accent",
    )


def _left_out() -> rx.Component:
    return card(
        t("rebalancing.left_out"),
        rx.el.ul(
            rx.foreach(
                page.left_out,
                lambda item: rx.el.li(
                    rx.el.div(
                        rx.el.p(item.name, class_name="text-14 font-strong break-all"),
                        rx.el.p(item.reason, class_name="text-13 text-ink-2"),
                        rx.el.p(item.where, class_name="text-12 text-ink-3 break-words"),
                        class_name="min-w-0 flex-1",
                    ),
                    rx.el.p(item.value, class_name="num text-14"),
                    key=item.key,
                    class_name="flex items-start gap-4 px-4 py-2.5 border-b border-line last:border-0",
                ),
            ),
            class_name="m-0 p-0 list-none",
        ),
        note=t("rebalancing.left_out_note"),
    )


def _waiting() -> rx.Component:
    return rx.fragment(
        card(t("rebalancing.targets"), skeleton_rows(2)), skeleton("h-64 w-full"), skeleton("h-48 w-full")
    )
