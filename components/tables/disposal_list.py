"""Disposals of a tax report: thousands of rows of which only those in view exist, each with all of its lots."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.long_list import LongList, list_props

_NAMES = (
    *("caption", "details", "date", "what", "sold", "proceeds", "cost", "gain", "term", "wallet", "transaction"),
    *("disallowed", "number", "lots", "steps"),
)


class _DisposalList(LongList):
    """The part in assets/ui/disposal_list.js."""

    library = "$/public/ui/disposal_list.js"
    tag = "DisposalList"


def disposal_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state as `LongList` says."""
    return _DisposalList.create(
        **list_props(state, page_size),
        page_key=state.list_key,
        labels={"close": t("action.close"), **{name: t(f"tax_report.{name}") for name in _NAMES}},
    )
