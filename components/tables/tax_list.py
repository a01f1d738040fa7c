"""Tax transactions: as many as there are, of which only the rows in view exist. The page opens one in its drawer."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.long_list import LongList, list_props


class _TaxList(LongList):
    """The part in assets/ui/tax_list.js; `data_key` says as of when its rows are."""

    library = "$/public/ui/tax_list.js"
    tag = "TaxList"
    data_key: rx.Var[str]
    on_open_row: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def tax_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state as `LongList` says; `data_key` is that of its rows, `open` shows one."""
    return _TaxList.create(
        **list_props(state, page_size),
        page_key=state.data_key,
        data_key=state.data_key,
        on_open_row=state.open,
        labels={"caption": t("tax_transactions.caption")},
    )
