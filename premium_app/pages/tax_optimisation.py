"""Tax → Optimisation: methods side by side, losses to realise, days until long term, and a sale thought of."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.tax_tabs import tax_frame
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import button, link_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.filter_fields import filter_options, filter_select
from components.ui.icon import icon
from components.ui.link import link
from components.ui.plan_limit import plan_limit
from components.ui.segmented_links import segmented_links
from components.ui.skeleton import skeleton
from premium_app.pages.tax_what_if import toned, what_if_card
from state.shell_state import ShellState
from state.tax_optimisation_state import TaxOptimisationState

# On the class, a state's attributes are values of the page.
page: Any = TaxOptimisationState

_HARVEST = (
    Column(t("optimisation.asset")),
    Column(t("optimisation.acquired"), hide="md"),
    Column(t("optimisation.amount"), end=True, hide="md"),
    Column(t("optimisation.cost"), end=True, hide="lg"),
    Column(t("optimisation.worth"), end=True, hide="lg"),
    Column(t("optimisation.loss"), end=True),
    Column(t("optimisation.term"), hide="md"),
    Column(t("optimisation.try"), screen_reader_only=True),
)
_SOON = (
    Column(t("optimisation.asset")),
    Column(t("optimisation.days"), end=True),
    Column(t("optimisation.amount"), end=True, hide="md"),
    Column(t("optimisation.gain"), end=True, hide="md"),
    Column(t("optimisation.acquired"), hide="md"),
)
_PRICES = (
    Column(t("optimisation.asset")),
    Column(t("optimisation.price_of"), end=True),
    Column(t("optimisation.source"), hide="md"),
    Column(t("optimisation.taken"), end=True),
)


def tax_optimisation_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "optimisation",
        plan_limit(page.limit_message, page.upgrade_to),
        rx.cond(
            page.failure != "",
            error_panel(page.failure, page.failure_id, page.load),
            rx.cond(
                page.limit_message == "",
                rx.cond(
                    page.problem != "",
                    error_panel(page.problem, page.problem_id, page.load),
                    rx.cond(page.has_book, rx.cond(page.is_empty, _nothing(), _content()), _waiting()),
                ),
            ),
        ),
        shell_state=ShellState,
    )


def _content() -> rx.Component:
    return rx.fragment(
        _head(),
        _methods(),
        what_if_card(),
        _harvest(),
        _soon(),
        _prices(),
    )


def _head() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            segmented_links(t("optimisation.years"), page.years),
            rx.cond(
                page.more_years.length() > 0,
                filter_select(
                    t("optimisation.more_years"), filter_options(page.more_years), page.earlier, page.choose_year
                ),
            ),
            rx.cond(page.scopes.length() > 0, segmented_links(t("optimisation.scope"), page.scopes)),
            class_name="flex flex-wrap items-center gap-3",
        ),
        rx.el.p(
            rx.el.span(t("optimisation.as_of"), " ", relative_time(page.as_of)),
            rx.el.span(rx.cond(page.computing, rx.fragment(t("optimisation.computing"))), role="status"),
            class_name="flex flex-wrap gap-2 text-13 text-ink-2",
        ),
        rx.cond(
            page.issues != "",
            rx.el.p(
                icon("triangle-alert", 16, "text-warn mt-0.5"),
                rx.el.span(
                    page.issues,
                    " ",
                    link(
                        t("optimisation.review"),
                        to="/tax/review/",
                        class_name="text-accent underline underline-offset-2",
                    ),
                ),
                class_name="flex items-start gap-1.5 text-13",
            ),
        ),
        rx.el.p(t("optimisation.disclaimer"), class_name="text-13 text-ink-2"),
        class_name="flex flex-col gap-2",
    )


def _methods() -> rx.Component:
    columns = (
        Column(t("optimisation.method")),
        Column(page.headline, end=True),
        Column(t("optimisation.difference"), end=True, hide="md"),
        Column(t("optimisation.open"), hide="md"),
    )
    return card(
        t("optimisation.methods"),
        data_table(t("optimisation.methods"), columns, rx.foreach(page.methods, _method)),
        rx.el.details(
            rx.el.summary(t("optimisation.all_figures"), class_name=_SUMMARY),
            _figures(),
            class_name="border-t border-line",
        ),
        rx.cond(
            page.refused.length() > 0,
            rx.el.details(
                rx.el.summary(t("optimisation.refused"), class_name=_SUMMARY),
                rx.el.dl(
                    rx.foreach(
                        page.refused,
                        lambda each: rx.el.div(
                            rx.el.dt(each.value, class_name="text-13 font-strong"),
                            rx.el.dd(each.text, class_name="text-13 text-ink-2 m-0"),
                            class_name="py-2 border-b border-line last:border-0",
                        ),
                    ),
                    class_name="m-0 px-4 pb-2",
                ),
                class_name="border-t border-line",
            ),
        ),
        note=page.methods_note,
    )


_SUMMARY = "px-4 h-10 max-md:h-11 flex items-center text-13 font-strong text-ink-2"


def _method(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.p(
                rx.el.span(item.name, class_name="font-strong"),
                rx.cond(item.is_current, badge(t("optimisation.in_force"), "accent")),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.el.p(item.means, class_name="text-12 text-ink-3"),
            class_name="min-w-44 py-2",
        ),
        cell(
            rx.el.span(item.headline, class_name="font-strong"),
            rx.el.span(item.difference, class_name="md:hidden block text-12 text-ink-2"),
            end=True,
            class_name="whitespace-nowrap",
        ),
        cell(item.difference, end=True, hide="md", class_name="whitespace-nowrap"),
        cell(item.unknown, hide="md", class_name="text-ink-2"),
        key=item.key,
    )


def _figures() -> rx.Component:
    """Every figure in a line, every method in a column."""
    head = "px-4 h-9 text-12 font-strong text-ink-3 whitespace-nowrap "
    return rx.el.div(
        rx.el.table(
            rx.el.caption(t("optimisation.all_figures"), class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(t("optimisation.figure"), scope="col", class_name=head + "text-left"),
                    rx.foreach(
                        page.figure_heads, lambda name: rx.el.th(name, scope="col", class_name=head + "text-right")
                    ),
                )
            ),
            rx.el.tbody(
                rx.foreach(
                    page.figures,
                    lambda each: rx.el.tr(
                        rx.el.th(each.title, scope="row", class_name="px-4 py-1.5 text-left font-normal min-w-44"),
                        rx.foreach(
                            each.cells,
                            lambda text: rx.el.td(text, class_name="px-4 py-1.5 text-right num whitespace-nowrap"),
                        ),
                        class_name="border-t border-line",
                    ),
                ),
                class_name="text-13",
            ),
            class_name="w-full border-collapse",
        ),
        tab_index=0,
        role="region",
        aria_label=t("optimisation.all_figures"),
        class_name="overflow-x-auto focus-visible:-outline-offset-2",
    )


def _asset(item: Any, *more: rx.Component) -> rx.Component:
    return cell(
        rx.el.p(item.asset, class_name="font-strong wrap-anywhere"),
        rx.cond(
            item.wallet != "",
            rx.el.p(item.wallet, title=item.wallet_full, class_name="text-12 text-ink-3 wrap-anywhere"),
        ),
        *more,
        class_name="min-w-28 max-w-xs",
    )


def _small_amount(item: Any) -> rx.Component:
    """The amount below the asset, where the screen has no room for its column."""
    return rx.el.p(item.amount, class_name="md:hidden num text-12 text-ink-2")


def _harvest() -> rx.Component:
    return card(
        t("optimisation.harvest"),
        rx.cond(
            page.harvest.length() > 0,
            rx.fragment(
                rx.foreach(page.harvest_rules, lambda note: rx.el.p(note, class_name=_NOTE)),
                data_table(t("optimisation.harvest"), _HARVEST, rx.foreach(page.harvest, _loss)),
                _more(page.harvest_more, page.show_harvest),
            ),
            empty_state("trending-up", t("optimisation.harvest_none"), t("optimisation.harvest_none_text")),
        ),
        rx.foreach(page.notes, lambda note: rx.el.p(note, class_name=_NOTE + " border-t border-line")),
        note=page.harvest_note,
    )


_NOTE = "px-4 py-2 text-12 text-ink-2"


def _more(text: Any, on_click: Any) -> rx.Component:
    """What shows the rest of a list that begins short."""
    return rx.cond(
        text != "",
        rx.el.div(button(text, "ghost", "chevron-down", on_click=on_click), class_name="px-1 border-t border-line"),
    )


def _loss(item: Any) -> rx.Component:
    """A lot, and below it in all the table's width what would spoil its loss."""
    return rx.fragment(
        rx.el.tr(
            _asset(item, _small_amount(item)),
            cell(item.acquired, hide="md", class_name="num whitespace-nowrap"),
            cell(item.amount, end=True, hide="md"),
            cell(item.cost, end=True, hide="lg"),
            cell(item.worth, end=True, hide="lg"),
            cell(toned(item.gain, item.tone), end=True, class_name="whitespace-nowrap"),
            cell(item.term, hide="md"),
            cell(
                button(
                    t("optimisation.try"),
                    on_click=page.try_lot(item.choice, item.plain_amount, item.lot_id, item.acquired),
                    aria_label=t("optimisation.try_of", amount="") + item.amount + " " + item.asset,
                ),
                end=True,
            ),
            class_name=rx.cond(item.notes.length() > 0, "h-(--row)", "h-(--row) border-b border-line last:border-0"),
        ),
        rx.cond(
            item.notes.length() > 0,
            rx.el.tr(
                rx.el.td(
                    rx.foreach(item.notes, lambda note: rx.el.p(note)),
                    col_span=len(_HARVEST),
                    class_name="px-4 pb-2 text-12 text-ink-2",
                ),
                class_name="border-b border-line last:border-0",
            ),
        ),
        key=item.key,
    )


def _soon() -> rx.Component:
    return card(
        t("optimisation.soon"),
        rx.cond(
            page.soon.length() > 0,
            rx.fragment(
                data_table(t("optimisation.soon"), _SOON, rx.foreach(page.soon, _waits)),
                _more(page.soon_more, page.show_soon),
            ),
            empty_state("calendar-check", t("optimisation.soon_none"), t("optimisation.soon_none_text")),
        ),
        note=page.soon_note,
    )


def _waits(item: Any) -> rx.Component:
    return row(
        _asset(item, _small_amount(item)),
        cell(
            item.days,
            rx.el.span(
                t("optimisation.from"), " ", item.long_from, class_name="block text-12 text-ink-3 whitespace-nowrap"
            ),
            end=True,
        ),
        cell(item.amount, end=True, hide="md"),
        cell(toned(item.gain, item.tone), end=True, hide="md", class_name="whitespace-nowrap"),
        cell(item.acquired, hide="md", class_name="num whitespace-nowrap"),
        key=item.key,
    )


def _prices() -> rx.Component:
    return card(
        t("optimisation.prices"),
        rx.cond(
            page.prices.length() > 0,
            data_table(t("optimisation.prices"), _PRICES, rx.foreach(page.prices, _price)),
            empty_state("circle-help", t("optimisation.prices_none"), t("optimisation.prices_none_text")),
        ),
        note=page.prices_note,
    )


def _price(item: Any) -> rx.Component:
    return row(
        cell(item.asset, class_name="font-strong break-words min-w-20"),
        cell(item.price, end=True, class_name="whitespace-nowrap"),
        cell(item.source, hide="md", class_name="text-ink-2 break-words"),
        cell(
            relative_time(item.taken_at),
            rx.cond(item.is_stale, badge(t("optimisation.stale"), "warn")),
            end=True,
            class_name="whitespace-nowrap",
        ),
        key=item.key,
    )


def _nothing() -> rx.Component:
    return card(
        t("optimisation.title"),
        empty_state(
            "scale",
            t("optimisation.none_title"),
            t("optimisation.none_text"),
            link_button(t("optimisation.import"), "/tax/import/", icon_name="upload"),
        ),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        skeleton("h-9 w-80 max-w-full"), skeleton("h-64 w-full"), skeleton("h-72 w-full"), skeleton("h-64 w-full")
    )
