"""The lines of a file that is looked at before it is imported: many, of which only those in view exist."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.tables.long_list import LongList, list_props


class _ImportList(LongList):
    """The part in assets/ui/import_list.js."""

    library = "$/public/ui/import_list.js"
    tag = "ImportList"


def import_list(state: Any, page_size: int) -> rx.Component:
    """Return the list of a state as `LongList` says."""
    return _ImportList.create(
        **list_props(state, page_size),
        page_key=state.list_key,
        labels={
            "close": t("action.close"),
            "caption": t("tax_import.lines"),
            "details": t("tax_import.line_details"),
            "line": t("tax_import.line"),
        },
    )
