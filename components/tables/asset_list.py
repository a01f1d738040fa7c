"""What a portfolio holds: a thousand rows and more, of which only those in view exist."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.long_list import LongList, list_props


def _token_spec(chain_id: rx.Var[int], token: rx.Var[str]) -> tuple[rx.Var[int], rx.Var[str]]:
    return chain_id, token


class _AssetList(LongList):
    """The part in assets/ui/asset_list.js."""

    library = "$/public/ui/asset_list.js"
    tag = "AssetList"
    data_key: rx.Var[str]
    on_hide: rx.EventHandler[_token_spec]


def asset_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state as `LongList` says, with `data_key`, `page_key` and `hide`."""
    return _AssetList.create(
        **list_props(state, page_size),
        data_key=state.data_key,
        page_key=state.page_key,
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
            "cost": t("portfolio.cost"),
            "gain": t("portfolio.gain"),
            "openAsset": t("portfolio.open_asset"),
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
        on_hide=state.hide,
    )
