"""What fired, with what came of it: thousands of rows of which only those in view exist."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.long_list import LongList, list_props


class _HistoryList(LongList):
    """The part in assets/ui/history_list.js."""

    library = "$/public/ui/history_list.js"
    tag = "HistoryList"


def history_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state as `LongList` says."""
    return _HistoryList.create(
        **list_props(state, page_size),
        page_key=state.list_key,
        labels={
            "caption": t("history.caption"),
            "details": t("history.details"),
            "close": t("action.close"),
            "explorer": t("action.explorer"),
            "when": t("history.when"),
            "kind": t("history.type"),
            "rule": t("rules.rule"),
            "value": t("history.value"),
            "chain": t("history.chain"),
            "tx": t("history.tx"),
            "status": t("history.status"),
        },
    )
