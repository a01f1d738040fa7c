"""Portfolio → Exports: a file now, and files by the clock."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.badge import badge, toned_badge
from components.ui.browser import relative_time, time_ahead
from components.ui.button import button, button_class, icon_button
from components.ui.card import card
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.field import INPUT
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.plan_limit import plan_limit
from components.ui.skeleton import skeleton_rows
from premium_app.pages.schedule_editor import schedule_editor
from state.portfolio_exports_state import FORMATS, SPANS, WHATS, PortfolioExportsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioExportsState


def portfolio_exports_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "exports",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.fragment(_now(), _schedules()),
        ),
        schedule_editor(),
        confirm_dialog(
            t("exports.delete_title"),
            rx.fragment(rx.el.strong(page.deleting_name), " ", t("exports.delete_text")),
            t("exports.delete"),
            is_open=page.deleting_id != "",
            on_confirm=page.delete,
            on_close=page.close,
            label_id="delete-schedule",
        ),
        shell_state=ShellState,
        action=button(t("exports.new"), "primary", icon_name="plus", on_click=page.begin),
    )


def _now() -> rx.Component:
    return card(
        t("exports.now"),
        rx.el.div(
            _select("what", t("exports.what"), WHATS, page.what, "exports.what_"),
            _select("span", t("exports.range"), SPANS, page.span, "portfolio.range_"),
            _select("format", t("exports.format"), FORMATS, page.format, "exports.format_"),
            document_link(
                icon("download"),
                rx.el.span(t("exports.download")),
                href=page.href,
                download=True,
                class_name=button_class("secondary"),
            ),
            class_name="grid gap-4 p-4 items-end sm:grid-cols-3 lg:grid-cols-[repeat(3,minmax(0,1fr))_auto]",
        ),
        rx.el.p(
            rx.match(
                page.what,
                ("report", t("exports.about_report")),
                ("assets", t("exports.about_assets")),
                ("history", t("exports.about_history")),
                t("exports.about_activity"),
            ),
            class_name="px-4 pb-4 text-13 text-ink-2",
        ),
        note=t("exports.now_note"),
    )


def _select(field: str, label: str, options: tuple[str, ...], value: Any, words: str) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"export_{field}", class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            *[rx.el.option(t(f"{words}{option}"), value=option) for option in options],
            id=f"export_{field}",
            value=value,
            on_change=lambda chosen: page.choose(field, chosen),
            class_name=INPUT,
        ),
    )


def _schedules() -> rx.Component:
    return card(
        t("exports.schedules"),
        rx.cond(
            page.loaded,
            rx.cond(
                page.schedules.length() > 0,
                rx.el.ul(
                    rx.foreach(page.schedules, _schedule),
                    aria_label=t("exports.schedules"),
                    class_name="m-0 p-0 list-none",
                ),
                empty_state("calendar-clock", t("exports.none_title"), t("exports.none_text")),
            ),
            skeleton_rows(2),
        ),
        action=icon_button(t("exports.refresh"), "rotate-cw", on_click=page.refresh),
        note=page.note,
    )


def _schedule(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.span(item.name, class_name="text-14 font-strong break-words"),
                rx.cond(item.is_paused, badge(t("exports.paused"), "warn")),
                rx.cond(item.is_over_plan, badge(t("limits.paused_by_plan"), "warn")),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.el.p(item.summary, class_name="text-13 text-ink-2 num break-words"),
            rx.el.p(item.goes_to, class_name="text-12 text-ink-3 break-all"),
            rx.el.p(
                rx.cond(
                    item.next_at != "", rx.el.span(t("exports.next"), " ", time_ahead(item.next_at), class_name="num")
                ),
                rx.cond(
                    item.last != "",
                    rx.el.span(
                        toned_badge(item.last, item.last_tone),
                        " ",
                        relative_time(item.last_at),
                        class_name="num inline-flex items-center gap-1.5",
                    ),
                    rx.el.span(t("exports.never")),
                ),
                class_name="flex flex-wrap items-center gap-x-4 gap-y-1 text-12 text-ink-3 mt-1",
            ),
            rx.cond(item.problem != "", rx.el.p(item.problem, class_name="text-13 text-loss mt-1")),
            class_name="min-w-0 flex-1 basis-72",
        ),
        rx.el.div(
            button(t("exports.try"), icon_name="send", on_click=page.try_now(item.id)),
            rx.cond(
                item.is_paused,
                icon_button(t("exports.resume"), "play", on_click=page.pause(item.id, False)),
                icon_button(t("exports.pause"), "pause", on_click=page.pause(item.id, True)),
            ),
            icon_button(t("exports.edit"), "pencil", on_click=page.edit(item.id)),
            icon_button(t("exports.delete"), "trash-2", on_click=page.ask_delete(item.id)),
            class_name="flex items-center gap-1",
        ),
        key=item.id,
        class_name="flex flex-wrap items-start gap-x-4 gap-y-3 px-4 py-3 border-b border-line last:border-0",
    )
