"""What happened to wallets: thousands of rows of which only those in view exist, each with all of its legs."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.long_list import LongList, list_props
from components.ui.badge import toned_badge
from components.ui.browser import relative_time


class _LedgerList(LongList):
    """The part in assets/ui/ledger_list.js."""

    library = "$/public/ui/ledger_list.js"
    tag = "LedgerList"


def ledger_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state as `LongList` says."""
    return _LedgerList.create(
        **list_props(state, page_size),
        page_key=state.list_key,
        labels={
            "close": t("action.close"),
            "explorer": t("action.explorer"),
            **{
                name: t(f"ledger.{key}")
                for name, key in (
                    *(("caption", "caption"), ("details", "details"), ("when", "when"), ("kind", "kind")),
                    *(("value", "value"), ("fee", "fee"), ("wallet", "wallet"), ("protocol", "protocol")),
                    *(("chain", "chain"), ("block", "block"), ("tx", "tx"), ("status", "status")),
                    *(("problem", "problem"), ("position", "position"), ("method", "method")),
                    *(("source", "read_from"), ("legs", "legs"), ("nothing", "nothing_moved")),
                    *(("approvals", "approvals"), ("price", "price"), ("priceUnknown", "price_unknown")),
                )
            },
        },
    )


def ledger_brief(rows: Any) -> rx.Component:
    """Return the newest events as a short list."""
    return rx.el.ol(
        rx.foreach(
            rows,
            lambda row: rx.el.li(
                rx.el.div(
                    rx.el.p(
                        toned_badge(row.kind_label, row.tone),
                        rx.cond(row.protocol != "", rx.el.span(row.protocol, class_name="text-12 text-ink-3")),
                        rx.cond(row.status_tone != "neutral", toned_badge(row.status, row.status_tone)),
                        class_name="flex flex-wrap items-center gap-2",
                    ),
                    rx.el.p(row.moved, class_name="num text-13 mt-0.5 break-words empty:hidden"),
                    class_name="min-w-0 flex-1",
                ),
                rx.el.div(
                    rx.el.p(row.value, class_name="num text-13 font-strong"),
                    relative_time(row.at, "num text-12 text-ink-3 whitespace-nowrap"),
                    class_name="text-right shrink-0",
                ),
                key=row.id,
                class_name="flex items-start gap-4 px-4 py-2.5 border-b border-line last:border-0",
            ),
        ),
        class_name="m-0 p-0 list-none",
    )
