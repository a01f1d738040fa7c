"""NFTs by collection and wallet, with the collection's floor; and collections with the verdict on each.

Nothing but text: pictures of pieces would come from strangers' servers (see docs/portfolio-data.md).
"""

from collections.abc import Callable
from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.address_chip import address_chip
from components.ui.badge import badge
from components.ui.browser import relative_time
from components.ui.button import icon_button
from components.ui.data_table import Column, cell, data_table, row

_ENDS = "flex flex-col items-end"


def nft_table(rows: Any, caption: Any, on_hide: Any, *, has_floor: bool = True) -> rx.Component:
    """Return the table of `NftRow`s; `on_hide(chain id, collection)` takes one for spam.

    On a phone, collections with a floor have two columns, what is theirs and what it is worth.
    """
    narrow = "md" if has_floor else ""
    columns = [
        Column(t("nfts.collection"), width="w-2/5"),
        Column(t("portfolio.wallet"), hide="lg"),
        Column(t("nfts.pieces"), end=True, hide=narrow),
        *([Column(t("nfts.floor"), end=True, hide="md"), Column(t("nfts.value"), end=True)] if has_floor else []),
        Column(t("nfts.read_at"), end=True, hide="lg"),
        Column(t("rules.actions"), hide=narrow, screen_reader_only=True),
    ]
    return data_table(caption, columns, rx.foreach(rows, lambda item: _row(item, on_hide, narrow)))


def _row(item: Any, on_hide: Any, narrow: str) -> rx.Component:
    hide = icon_button(t("nfts.hide"), "eye-off", on_click=on_hide(item.chain_id, item.collection))
    beside = [rx.el.div(hide, class_name="md:hidden")] if narrow else []
    return row(
        cell(
            _named(item, item.standard, *beside),
            rx.el.div(
                *([rx.el.span(_pieces(item), class_name="block md:hidden")] if narrow else []),
                rx.el.span(t("nfts.in_wallet"), " ", item.wallet_name),
                class_name="text-12 text-ink-3 break-words lg:hidden",
            ),
            class_name="md:min-w-44",
        ),
        cell(rx.el.span(item.wallet_name, title=item.wallet, class_name="break-all"), hide="lg"),
        cell(
            rx.el.div(
                rx.el.span(item.pieces, class_name="font-strong"),
                rx.cond(item.ids != "", rx.el.span(item.ids, title=item.all_ids, class_name="text-12 text-ink-3")),
                class_name=_ENDS,
            ),
            end=True,
            hide=narrow,
        ),
        *([cell(_floor(item), end=True, hide="md"), cell(_value(item), end=True)] if narrow else []),
        cell(
            rx.el.div(
                rx.el.span(item.block, class_name="whitespace-nowrap"),
                relative_time(item.read_at, "text-12 text-ink-3 whitespace-nowrap"),
                class_name=_ENDS,
            ),
            end=True,
            hide="lg",
        ),
        cell(hide, end=True, hide=narrow),
        key=item.key,
    )


def _pieces(item: Any) -> rx.Component:
    return rx.fragment(t("nfts.pieces"), ": ", item.pieces, rx.cond(item.ids != "", rx.fragment(" · ", item.ids)))


def _value(item: Any) -> rx.Component:
    """Pieces times floor, or why it is unknown; on a phone with the floor."""
    return rx.el.div(
        rx.el.span(item.value, class_name="font-strong"),
        rx.el.div(_floor(item, t("nfts.floor") + " "), class_name="md:hidden text-12 text-ink-3"),
        rx.cond(item.why != "", rx.el.span(item.why, class_name="text-12 text-warn text-right max-w-56")),
        class_name=_ENDS,
    )


def _floor(item: Any, label: str = "") -> rx.Component:
    """The floor, in dollars and as it is asked, who says so and as of when."""
    return rx.el.div(
        rx.el.span(label, item.floor, title=item.floor_detail),
        rx.cond(
            item.source != "",
            rx.el.span(
                item.source,
                " · ",
                relative_time(item.floor_at),
                class_name="text-12 text-ink-3 whitespace-nowrap",
            ),
        ),
        class_name=_ENDS,
    )


def _named(item: Any, kind: Any, *beside: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.el.span(item.name, class_name="text-14 font-strong break-all"),
            rx.cond(item.symbol != "", rx.el.span(item.symbol, class_name="text-13 text-ink-2 break-all")),
            badge(item.chain),
            rx.el.span(kind, class_name="text-12 text-ink-3 whitespace-nowrap"),
            class_name="flex flex-wrap items-center gap-x-2 gap-y-1",
        ),
        rx.el.div(
            address_chip(item.short, item.collection, item.url), *beside, class_name="text-13 flex items-center gap-1"
        ),
        class_name="min-w-0",
    )


def collection_list(rows: Any, label: Any, action: Callable[[Any], rx.Component]) -> rx.Component:
    """Return `CollectionRow`s with the reasons, `action` giving what can be done with each."""
    return rx.el.ul(
        rx.foreach(
            rows,
            lambda item: rx.el.li(
                rx.el.div(
                    _named(item, item.seen),
                    rx.el.ul(
                        rx.foreach(item.reasons, lambda reason: rx.el.li(reason, class_name="text-13 text-ink-2")),
                        class_name="m-0 mt-1 pl-4 list-disc",
                    ),
                    rx.cond(
                        item.decided_at != "",
                        rx.el.p(
                            t("portfolio.decided"),
                            " ",
                            relative_time(item.decided_at),
                            class_name="text-12 text-ink-3 mt-1",
                        ),
                    ),
                    class_name="min-w-0 flex-1 basis-64",
                ),
                action(item),
                key=item.key,
                class_name="flex flex-wrap items-start gap-3 px-4 py-3 border-b border-line last:border-0",
            ),
        ),
        aria_label=label,
        class_name="m-0 p-0 list-none",
    )
