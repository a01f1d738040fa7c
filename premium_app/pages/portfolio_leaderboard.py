"""Portfolio → Leaderboard: joined by choice under a chosen name; percentages, never amounts."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.field import text_field
from components.ui.page_states import page_states
from components.ui.segmented_links import segmented_links
from components.ui.skeleton import skeleton, skeleton_rows
from state.portfolio_leaderboard_state import PortfolioLeaderboardState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioLeaderboardState

_TONES = {"gain": "text-gain", "loss": "text-loss"}
_COLUMNS = (
    Column(t("leaderboard.place"), end=True, width="w-20"),
    Column(t("leaderboard.name")),
    Column(t("leaderboard.return"), end=True),
)


def portfolio_leaderboard_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "leaderboard",
        page_states(
            page,
            rx.el.div(
                _board(),
                rx.cond(page.has_joined, _mine(), _join()),
                class_name="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(300px,1fr)] items-start",
            ),
            _waiting(),
        ),
        confirm_dialog(
            t("leaderboard.leave_title"),
            t("leaderboard.leave_text"),
            t("leaderboard.leave"),
            is_open=page.leaving,
            on_confirm=page.leave,
            on_close=page.close,
            label_id="leave-leaderboard",
        ),
        shell_state=ShellState,
    )


def _board() -> rx.Component:
    return card(
        t("leaderboard.board"),
        rx.cond(
            page.rows.length() > 0,
            rx.fragment(
                data_table(t("leaderboard.board"), _COLUMNS, rx.foreach(page.rows, _row)),
                rx.el.p(
                    t("leaderboard.ranked"),
                    " ",
                    relative_time(page.ranked_at),
                    class_name="px-4 py-2 text-12 text-ink-3 border-t border-line",
                ),
            ),
            empty_state("trophy", t("leaderboard.none_title"), t("leaderboard.none_text")),
        ),
        action=segmented_links(t("leaderboard.period"), page.periods),
        note=page.rules,
    )


def _row(item: Any) -> rx.Component:
    return row(
        cell(item.place, end=True),
        cell(
            rx.el.span(
                rx.el.span(item.pseudonym, class_name="break-all"),
                rx.cond(item.is_me, badge(t("leaderboard.me"), "accent")),
                class_name=rx.cond(
                    item.is_me, "flex flex-wrap items-center gap-2 font-strong", "flex flex-wrap items-center gap-2"
                ),
            )
        ),
        cell(rx.el.span(item.made, class_name=rx.match(item.tone, *_TONES.items(), "")), end=True),
        key=item.key,
    )


def _join() -> rx.Component:
    return card(
        t("leaderboard.join_title"),
        rx.el.form(
            text_field(
                t("leaderboard.pseudonym"),
                "pseudonym",
                page.pseudonym_error,
                hint=t("leaderboard.pseudonym_hint"),
                auto_complete="off",
                spell_check=False,
                max_length=100,
            ),
            button(t("leaderboard.join"), "primary", "user-plus", type="submit"),
            on_submit=page.join,
            key=page.form_key.to_string(),
            class_name="flex flex-col gap-4 p-4 items-stretch",
        ),
        note=t("leaderboard.join_note"),
    )


def _mine() -> rx.Component:
    return card(
        t("leaderboard.mine_title"),
        rx.el.div(
            rx.el.p(
                rx.cond(page.my_place != "", rx.fragment("#", page.my_place), t("leaderboard.no_place")),
                class_name="num text-28 font-strong leading-9",
            ),
            rx.cond(page.my_return != "", rx.el.p(page.my_return, class_name="num text-16 font-strong")),
            rx.cond(page.my_reason != "", rx.el.p(page.my_reason, class_name="text-13 text-ink-2")),
            rx.el.p(
                t("leaderboard.shown_as"), " ", rx.el.strong(page.pseudonym), class_name="text-13 text-ink-2 break-all"
            ),
            button(t("leaderboard.leave"), icon_name="log-out", on_click=page.ask_leave),
            class_name="flex flex-col items-start gap-3 p-4",
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.el.div(
        card(t("leaderboard.board"), skeleton_rows(8)),
        skeleton("h-[200px] w-full"),
        class_name="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(300px,1fr)] items-start",
    )
