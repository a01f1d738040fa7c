"""What fired, with what came of it: thousands of rows of which only those in view exist."""

from typing import Any

import reflex as rx

from components.i18n import t


class _HistoryList(rx.Component):
    """The part in assets/ui/history_list.js."""

    library = "$/public/ui/history_list.js"
    tag = "HistoryList"
    lib_dependencies: list[str] = ["@tanstack/react-virtual@3.14.26"]
    class_name: rx.Var[str]  # type: ignore[assignment]
    list_key: rx.Var[str]
    total: rx.Var[int]
    page_size: rx.Var[int]
    page: rx.Var[int]
    page_key: rx.Var[str]
    rows: rx.Var[list[Any]]
    sort: rx.Var[str]
    heads: rx.Var[list[Any]]
    labels: rx.Var[dict[str, str]]
    on_need: rx.EventHandler[rx.event.passthrough_event_spec(int)]


def history_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state with `rows` of one `window`, `total`, `list_key`, `sort`, `heads` and `need`."""
    return _HistoryList.create(
        list_key=state.list_key,
        total=state.total,
        page_size=page_size,
        page=state.window,
        page_key=state.list_key,
        rows=state.rows,
        sort=state.sort,
        heads=state.heads,
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
        on_need=state.need,
    )
