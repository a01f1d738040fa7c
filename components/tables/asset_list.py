"""What a portfolio holds: a thousand rows and more, of which only those in view exist."""

from typing import Any

import reflex as rx

from components.i18n import t


def _token_spec(chain_id: rx.Var[int], token: rx.Var[str]) -> tuple[rx.Var[int], rx.Var[str]]:
    return chain_id, token


class _AssetList(rx.Component):
    """The part in assets/ui/asset_list.js."""

    library = "$/public/ui/asset_list.js"
    tag = "AssetList"
    lib_dependencies: list[str] = ["@tanstack/react-virtual@3.14.26"]
    class_name: rx.Var[str]  # type: ignore[assignment]
    list_key: rx.Var[str]
    data_key: rx.Var[str]
    total: rx.Var[int]
    page_size: rx.Var[int]
    page: rx.Var[int]
    page_key: rx.Var[str]
    rows: rx.Var[list[Any]]
    sort: rx.Var[str]
    heads: rx.Var[list[Any]]
    labels: rx.Var[dict[str, str]]
    on_need: rx.EventHandler[rx.event.passthrough_event_spec(int)]
    on_hide: rx.EventHandler[_token_spec]


def asset_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state with `rows` of one `window`, `total`, `list_key`, `data_key`, `sort` and `heads`."""
    return _AssetList.create(
        list_key=state.list_key,
        data_key=state.data_key,
        total=state.total,
        page_size=page_size,
        page=state.window,
        page_key=state.page_key,
        rows=state.rows,
        sort=state.sort,
        heads=state.heads,
        labels={
            "caption": t("portfolio.assets"),
            "details": t("portfolio.asset_details"),
            "close": t("action.close"),
            "amount": t("portfolio.amount"),
            "price": t("portfolio.price"),
            "priceSource": t("portfolio.price_source"),
            "priceAt": t("portfolio.price_at"),
            "value": t("portfolio.value"),
            "share": t("portfolio.share"),
            "protocol": t("portfolio.protocol"),
            "health": t("portfolio.health"),
            "chain": t("portfolio.chain"),
            "block": t("portfolio.block_label"),
            "readAt": t("portfolio.read_at"),
            "contract": t("portfolio.contract"),
            "wallet": t("portfolio.wallet"),
            "hide": t("portfolio.hide"),
            "hideText": t("portfolio.hide_text"),
        },
        on_need=state.need,
        on_hide=state.hide,
    )
