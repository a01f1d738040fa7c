"""Portfolio → Positions: what stands in protocols, impermanent loss over all of it, and liquidity added by hand."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.portfolio_frame import portfolio_frame
from components.ui.badge import badge, toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, icon_button
from components.ui.card import card
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.field import INPUT, field_error, text_field
from components.ui.kpi_tile import kpi_skeleton, kpi_tile
from components.ui.link import link
from components.ui.page_states import page_states
from components.ui.skeleton import skeleton
from state.portfolio_positions_state import PortfolioPositionsState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
page: Any = PortfolioPositionsState

_TILES = "grid gap-3 grid-cols-2 lg:grid-cols-4"
_TONES = {"gain": "text-gain", "loss": "text-loss"}
_POSITIONS = (
    Column(t("positions.name")),
    Column(t("positions.wallet"), hide="md"),
    Column(t("positions.state"), hide="md"),
    Column(t("positions.fees_column"), end=True, hide="md"),
    Column(t("positions.value_column"), end=True),
)
_LOSSES = (
    Column(t("positions.name")),
    Column(t("positions.state"), hide="md"),
    Column(t("positions.entered_column"), hide="lg"),
    Column(t("positions.hold_column"), end=True),
    Column(t("positions.loss_column"), end=True),
    Column(t("positions.pct_column"), end=True),
    Column(t("positions.net_column"), end=True),
    Column(t("positions.actions"), screen_reader_only=True),
)


def portfolio_positions_page() -> rx.Component:
    """Return the page."""
    return portfolio_frame(
        "positions",
        page_states(page, _content(), _waiting()),
        confirm_dialog(
            t("positions.remove_title"),
            rx.fragment(rx.el.strong(page.removing_name), " ", t("positions.remove_text")),
            t("positions.remove"),
            is_open=page.removing_id != "",
            on_confirm=page.remove,
            on_close=page.close,
            label_id="remove-liquidity",
        ),
        shell_state=ShellState,
    )


def _content() -> rx.Component:
    return rx.fragment(
        rx.cond(
            page.taken_at != "",
            rx.el.p(t("positions.as_of"), " ", relative_time(page.taken_at), class_name="text-13 text-ink-2"),
        ),
        rx.el.h2(t("positions.figures"), class_name="sr-only"),
        rx.el.div(rx.foreach(page.tiles, lambda tile: kpi_tile(tile, is_tall=False)), class_name=_TILES),
        card(
            t("positions.list"),
            rx.cond(
                page.positions.length() > 0,
                data_table(t("positions.list"), _POSITIONS, rx.foreach(page.positions, _position)),
                empty_state("layers", t("positions.none_title"), t("positions.none_text")),
            ),
            note=t("positions.list_note"),
        ),
        card(
            t("positions.losses"),
            rx.cond(
                page.losses.length() > 0,
                data_table(t("positions.losses"), _LOSSES, rx.foreach(page.losses, _loss)),
                empty_state("droplets", t("positions.losses_none"), t("positions.losses_none_text")),
            ),
            note=t("positions.losses_note"),
        ),
        _add(),
    )


def _position(item: Any) -> rx.Component:
    return row(
        cell(
            link(item.name, to=item.href, class_name="font-strong text-accent hover:underline break-words"),
            rx.el.span(item.protocol, " · ", item.kind, " · ", item.chain, class_name="block text-12 text-ink-3"),
            rx.cond(item.state != "", rx.el.span(toned_badge(item.state, item.tone), class_name="md:hidden")),
            rx.cond(item.problem != "", rx.el.span(item.problem, class_name="block text-12 text-warn")),
            class_name="min-w-40",
        ),
        cell(item.wallet, hide="md", class_name="text-ink-2"),
        cell(rx.cond(item.state != "", toned_badge(item.state, item.tone)), hide="md"),
        cell(item.fees, end=True, hide="md"),
        cell(item.value, end=True, class_name="font-strong"),
        key=item.key,
    )


def _loss(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(
                rx.cond(
                    item.href != "",
                    link(item.name, to=item.href, class_name="font-strong text-accent hover:underline break-words"),
                    rx.el.span(item.name, class_name="font-strong break-words"),
                ),
                badge(item.origin),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.el.span(
                item.protocol,
                rx.cond(item.as_of != "", rx.fragment(" · ", relative_time(item.as_of))),
                class_name="block text-12 text-ink-3",
            ),
            rx.cond(item.problem != "", rx.el.span(item.problem, class_name="block text-12 text-ink-2 max-w-md")),
            class_name="min-w-48",
        ),
        cell(rx.cond(item.state != "", toned_badge(item.state, item.state_tone)), hide="md"),
        cell(
            rx.cond(item.entered_at != "", relative_time(item.entered_at, "num text-ink-2 whitespace-nowrap"), "—"),
            hide="lg",
        ),
        cell(item.hold, end=True),
        cell(rx.el.span(item.loss, class_name=_toned(item.tone)), end=True),
        cell(rx.el.span(item.loss_pct, class_name=_toned(item.tone)), end=True),
        cell(rx.el.span(item.net, class_name=_toned(item.net_tone)), end=True),
        cell(
            rx.cond(
                item.removable != "",
                icon_button(t("positions.remove"), "trash-2", on_click=page.ask_remove(item.removable)),
            )
        ),
        key=item.key,
    )


def _add() -> rx.Component:
    ranged, amounts = t("positions.range_hint"), t("positions.amount_hint")
    return card(
        t("positions.add_title"),
        rx.el.form(
            rx.el.div(
                _chain(),
                _text("pool", t("positions.pool_hint"), spell_check=False, max_length=60),
                _text("label", None, max_length=60),
                _text("entry_price", t("positions.entry_price_hint"), input_mode="decimal"),
                _text("entry_at", None, type="date"),
                _text("lower_price", ranged, input_mode="decimal"),
                _text("upper_price", ranged, input_mode="decimal"),
                _text("amount0", amounts, input_mode="decimal"),
                _text("amount1", amounts, input_mode="decimal"),
                class_name="grid gap-4 sm:grid-cols-2 lg:grid-cols-3 items-start",
            ),
            field_error("liquidity-error", page.errors["form"]),
            rx.el.div(button(t("positions.add"), "primary", "plus", type="submit"), class_name="flex justify-end mt-4"),
            on_submit=page.add,
            key=page.form_key.to_string(),
            class_name="p-4",
        ),
        note=page.note,
    )


def _text(name: str, hint: str | None, **props: Any) -> rx.Component:
    return text_field(t(f"positions.{name}"), name, page.errors[name], hint=hint, auto_complete="off", **props)


def _chain() -> rx.Component:
    return rx.el.div(
        rx.el.label(t("positions.chain"), html_for="chain_id", class_name="block text-13 font-strong mb-1"),
        rx.el.select(
            rx.foreach(page.chains, lambda each: rx.el.option(each.text, value=each.value)),
            id="chain_id",
            name="chain_id",
            class_name=INPUT,
        ),
        field_error("chain_id-error", page.errors["chain_id"]),
    )


def _toned(tone: Any) -> Any:
    return rx.match(tone, *_TONES.items(), "")


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    return rx.fragment(
        rx.el.div(*[kpi_skeleton(is_tall=False) for _ in range(4)], class_name=_TILES),
        skeleton("h-[260px] w-full"),
        skeleton("h-[260px] w-full"),
    )
