"""A long list of which only the rows in view exist: what the parts made of assets/ui/long_list.js share."""

from typing import Any

import reflex as rx


class LongList(rx.Component):
    """One of them; its state has `rows` of one `window`, `total`, `list_key`, `sort`, `heads` and `need`."""

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


def list_props(state: Any, page_size: int) -> dict[str, Any]:
    """Return what a list takes from its state alike."""
    return {
        "list_key": state.list_key,
        "total": state.total,
        "page_size": page_size,
        "page": state.window,
        "rows": state.rows,
        "sort": state.sort,
        "heads": state.heads,
        "on_need": state.need,
    }
