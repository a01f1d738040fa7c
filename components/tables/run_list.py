"""What a rule did when it fired: runs, each with every step when it is opened."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.badge import toned_badge
from components.ui.browser import relative_time
from components.ui.icon import icon


def run_list(rows: Any, on_open: Any) -> rx.Component:
    """Return the runs; `on_open(id)` shows or hides the steps of one."""
    return rx.el.ol(rx.foreach(rows, lambda row: _run(row, on_open)), class_name="m-0 p-0 list-none")


def _run(row: Any, on_open: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.cond(row.is_open, icon("chevron-down", 14), icon("chevron-right", 14)),
            relative_time(row.at, "num text-ink-2 whitespace-nowrap w-24 max-md:w-16 text-left"),
            rx.el.span(row.branch, class_name="flex-1 text-left"),
            rx.el.span(row.steps_text, class_name="text-12 text-ink-3 whitespace-nowrap"),
            toned_badge(row.status, row.tone),
            type="button",
            on_click=on_open(row.id),
            aria_expanded=rx.cond(row.is_open, "true", "false"),
            class_name="flex items-center gap-3 w-full px-4 min-h-10 max-md:min-h-12 text-13 hover:bg-raised",
        ),
        rx.el.p(row.problem, class_name="px-4 pb-2 text-12 text-loss empty:hidden"),
        rx.cond(
            row.is_open,
            rx.el.ol(
                rx.foreach(
                    row.steps,
                    lambda step: rx.el.li(
                        rx.el.span(step.text, class_name="flex-1 min-w-0 break-words"),
                        rx.el.span(step.took, class_name="num text-12 text-ink-3 whitespace-nowrap"),
                        toned_badge(step.outcome, step.tone),
                        key=step.key,
                        class_name="flex items-center gap-3 py-1.5",
                    ),
                ),
                aria_label=t("runs.title"),
                class_name="m-0 pl-10 pr-4 pb-3 list-none text-13",
            ),
        ),
        key=row.id,
        class_name="border-b border-line last:border-0",
    )
