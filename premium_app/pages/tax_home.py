"""Tax home: what a year comes to now, by month and by asset, what is not settled, and the next steps."""

from typing import Any

import reflex as rx

from components.charts.signed_bars import as_table, month_bars, part_bars
from components.i18n import t
from components.layout.tax_tabs import has_tab, tax_frame
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import link_button
from components.ui.card import card
from components.ui.empty_state import empty_state
from components.ui.field import FILTER
from components.ui.icon import icon
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.link import link
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton, skeleton_rows
from state.shell_state import ShellState
from state.tax_home_state import TaxHomeState

# On the class, a state's attributes are values of the page.
page: Any = TaxHomeState

_TILES = "grid gap-3 grid-cols-2 md:grid-cols-3 xl:grid-cols-6"
_COLUMNS = "grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(300px,1fr)] items-start"


def tax_home_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "home",
        page_states(page, rx.fragment(_head(), rx.cond(page.has_history, _year(), _begin())), _waiting()),
        shell_state=ShellState,
        action=_action(),
    )


def _action() -> rx.Component | None:
    if not has_tab("reports"):
        return None
    return link_button(t("tax_home.make_report"), "/tax/reports/", "primary", "file-text")


def _head() -> rx.Component:
    """Whose rules, which method, as of when; and the year to choose."""
    return rx.el.div(
        rx.el.label(
            rx.el.span(t("tax_home.year"), class_name="text-13 text-ink-2"),
            rx.el.select(
                rx.foreach(page.years, lambda option: rx.el.option(option.text, value=option.value)),
                value=page.year,
                on_change=page.change_year,
                class_name=FILTER,
            ),
            class_name="inline-flex items-center gap-2",
        ),
        rx.el.p(
            rx.el.strong(page.place, class_name="font-strong text-ink"),
            " · ",
            page.method,
            " · ",
            page.currency,
            " · ",
            t("portfolio.as_of"),
            " ",
            relative_time(page.as_of),
            class_name="text-13 text-ink-2 min-w-0",
        ),
        link(t("tax_home.change"), to="/tax/settings/", class_name="text-13 text-accent underline underline-offset-2"),
        class_name="flex flex-wrap items-center gap-x-4 gap-y-2",
    )


def _year() -> rx.Component:
    return rx.fragment(
        rx.el.h2(t("tax_home.figures"), class_name="sr-only"),
        rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
        rx.cond(page.unknown != "", _unknown()),
        rx.el.div(
            rx.el.div(_months(), _assets(), class_name="flex flex-col gap-4 min-w-0"),
            rx.el.div(_steps(), _open(), class_name="flex flex-col gap-4 min-w-0 max-lg:order-first"),
            class_name=_COLUMNS,
        ),
        _notes(),
    )


def _unknown() -> rx.Component:
    return rx.el.p(
        icon("triangle-alert", 16),
        rx.el.span(rx.el.strong(page.unknown, class_name="num font-strong"), " ", t("tax_home.unknown")),
        class_name="flex items-start gap-2 px-4 py-3 border border-warn rounded-8 bg-warn-ground text-13 text-ink",
    )


def _months() -> rx.Component:
    return card(
        rx.fragment(t("tax_home.months"), ", ", page.label),
        rx.cond(
            page.has_amounts,
            rx.el.div(
                month_bars(
                    page.months,
                    t("tax_home.months_caption"),
                    page.summary,
                    page.scale,
                    (
                        ("bg-gain", t("tax_home.legend_gain")),
                        ("bg-loss", t("tax_home.legend_loss")),
                        ("bg-accent-fill", t("tax_home.income")),
                    ),
                ),
                class_name="overflow-x-auto",
            ),
            _nothing(),
        ),
        note=rx.fragment(page.currency, ". ", t("tax_home.months_note")),
    )


def _nothing() -> rx.Component:
    return empty_state("receipt-text", page.nothing, page.nothing_text)


def _assets() -> rx.Component:
    return card(
        t("tax_home.assets"),
        rx.cond(
            page.parts.length() > 0,
            rx.fragment(
                part_bars(page.parts),
                rx.el.div(
                    as_table(
                        t("tax_home.assets"),
                        (t("tax_home.asset"), t("tax_home.proceeds"), t("tax_home.cost"), t("tax_home.gain")),
                        rx.foreach(
                            page.parts,
                            lambda part: rx.el.tr(
                                rx.el.td(part.name),
                                rx.el.td(part.proceeds),
                                rx.el.td(part.cost),
                                rx.el.td(part.gain),
                                key=part.key,
                            ),
                        ),
                    ),
                    class_name="px-4 py-2",
                ),
            ),
            _nothing(),
        ),
        note=rx.fragment(page.currency, ". ", t("tax_home.assets_note")),
    )


def _steps() -> rx.Component:
    return card(
        t("tax_home.steps"),
        rx.el.ol(rx.foreach(page.steps, _step), class_name="list-none m-0 p-0"),
        note=rx.cond(page.steps_left == 0, t("tax_home.steps_done"), t("tax_home.steps_note")),
    )


def _step(step: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(step.is_done, icon("circle-check", 18, "text-gain"), icon("circle", 18, "text-ink-3")),
            class_name="pt-0.5",
        ),
        rx.el.div(
            rx.el.p(
                step.title,
                rx.el.span(rx.cond(step.is_done, t("tax_home.done"), t("tax_home.to_do")), class_name="sr-only"),
                rx.cond(step.is_next, rx.el.span(badge(t("tax_home.next"), "accent"), class_name="ml-2")),
                class_name="text-14 font-strong",
            ),
            rx.el.p(step.text, class_name="text-13 text-ink-2"),
            class_name="min-w-0 flex-1",
        ),
        rx.el.div(
            rx.cond(
                step.is_next,
                link_button(step.action, step.href, "primary"),
                link_button(step.action, step.href),
            ),
            class_name="w-24 shrink-0 flex flex-col",
        ),
        key=step.key,
        class_name="flex flex-wrap items-start gap-3 px-4 py-3 border-b border-line last:border-0",
    )


def _open() -> rx.Component:
    return card(
        t("tax_home.open"),
        rx.cond(
            page.open_count != "",
            rx.el.div(
                rx.el.p(
                    rx.el.strong(page.open_count, class_name="num text-20 font-strong"),
                    " ",
                    rx.cond(page.open_count == "1", t("tax_home.open_issue"), t("tax_home.open_issues")),
                ),
                rx.el.p(page.stake, class_name="text-13 text-ink-2"),
                rx.el.div(link_button(t("tax_home.step_review_action"), "/tax/review/"), class_name="mt-2")
                if has_tab("review")
                else None,
                class_name="flex flex-col gap-1 px-4 py-3",
            ),
            rx.el.p(
                badge(t("tax_home.settled"), "gain"),
                " ",
                t("tax_home.settled_text"),
                class_name="px-4 py-3 text-13 text-ink-2",
            ),
        ),
    )


def _notes() -> rx.Component:
    return rx.el.div(
        rx.foreach(page.notes, lambda note: rx.el.p(note)),
        rx.el.p(t("tax_home.no_advice")),
        class_name="flex flex-col gap-2 text-12 text-ink-3",
    )


def _begin() -> rx.Component:
    """Nothing is known yet: what to do, in its order."""
    return rx.el.div(
        card(
            t("tax_home.begin"),
            empty_state("receipt-text", t("tax_home.begin_title"), t("tax_home.begin_text")),
        ),
        rx.el.div(_steps(), _notes(), class_name="flex flex-col gap-4 min-w-0"),
        class_name=_COLUMNS,
    )


def _waiting() -> rx.Component:
    return rx.fragment(
        rx.el.div(skeleton("h-8 w-72"), class_name="h-8"),
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(6)], class_name=_TILES),
        rx.el.div(
            rx.el.div(
                card(t("tax_home.months"), skeleton("h-60 m-4")),
                card(t("tax_home.assets"), skeleton_rows(4)),
                class_name="flex flex-col gap-4 min-w-0",
            ),
            card(t("tax_home.steps"), skeleton_rows(4)),
            class_name=_COLUMNS,
        ),
    )
