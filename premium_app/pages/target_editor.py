"""The drawer of a target allocation: its name, what it counts, its shares with their sum, and the tolerance."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button, icon_button
from components.ui.dialogs import drawer
from components.ui.field import INPUT, checkbox, field_error, text_field
from components.ui.segmented import segmented
from state.target_editor_state import MOST_NAME, TargetEditorState

# On the class, a state's attributes are values of the page.
editor: Any = TargetEditorState


def target_editor() -> rx.Component:
    """Return the drawer; it is there while a target is made or changed."""
    return drawer(
        rx.cond(editor.editing_id != "", t("rebalancing.edit_title"), t("rebalancing.new_title")),
        rx.cond(
            editor.is_open,
            rx.el.form(
                rx.el.div(
                    text_field(
                        t("rebalancing.name"),
                        "target_name",
                        editor.name_error,
                        default_value=editor.name,
                        max_length=MOST_NAME,
                        auto_complete="off",
                    ),
                    _counted(),
                    _shares(),
                    text_field(
                        t("rebalancing.tolerance"),
                        "target_tolerance",
                        editor.tolerance_error,
                        hint=t("rebalancing.tolerance_hint"),
                        default_value=editor.tolerance,
                        input_mode="decimal",
                        max_length=20,
                    ),
                    checkbox(t("rebalancing.compare"), "target_active", default_checked=editor.is_active),
                    class_name="flex-1 overflow-y-auto flex flex-col gap-5 p-5",
                ),
                rx.el.div(
                    button(t("action.cancel"), on_click=editor.close),
                    button(t("rebalancing.save"), "primary", type="submit"),
                    class_name="flex justify-end gap-2 px-5 py-3 border-t border-line",
                ),
                on_submit=editor.save,
                key=editor.editing_id,
                class_name="flex flex-col flex-1 min-h-0",
            ),
        ),
        is_open=editor.is_open,
        on_close=editor.close,
        label_id="target-editor",
    )


def _counted() -> rx.Component:
    return rx.el.div(
        rx.el.p(t("rebalancing.counted_by"), class_name="text-13 font-strong mb-1"),
        segmented(
            t("rebalancing.counted_by"),
            [
                ("asset", t("rebalancing.by_asset"), editor.count_by("asset"), None),
                ("category", t("rebalancing.by_category"), editor.count_by("category"), None),
            ],
            editor.by,
        ),
    )


def _shares() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(t("rebalancing.shares"), class_name="text-13 font-strong mb-1"),
        rx.el.div(rx.foreach(editor.rows, _share), key=editor.form_key.to_string(), class_name="flex flex-col gap-2"),
        rx.el.p(
            rx.cond(editor.parts_error == "", editor.sum_text, ""),
            role="status",
            class_name=rx.cond(
                editor.sum_fits,
                "num text-13 text-gain font-strong mt-2",
                "num text-13 text-ink-2 font-strong mt-2",
            ),
        ),
        field_error("target_parts-error", editor.parts_error),
        rx.el.div(
            button(t("rebalancing.add_share"), icon_name="plus", on_click=editor.add_row),
            button(t("rebalancing.use_current"), on_click=editor.use_current),
            class_name="flex flex-wrap gap-2 mt-3",
        ),
        class_name="m-0 p-0 border-0 min-w-0",
    )


def _share(item: Any) -> rx.Component:
    error_id = "share-" + item.place.to_string() + "-error"
    return rx.el.div(
        rx.el.div(
            rx.el.select(
                rx.el.option(t("rebalancing.choose"), value=""),
                rx.foreach(
                    rx.cond(editor.by == "asset", editor.assets, editor.categories),
                    lambda option: rx.el.option(option.text, value=option.value),
                ),
                value=item.key,
                on_change=lambda value: editor.set_key(item.place, value),
                aria_label=t("rebalancing.asset"),
                class_name=INPUT + " flex-1 min-w-0",
            ),
            rx.el.div(
                rx.el.input(
                    default_value=item.share,
                    on_change=lambda value: editor.set_share(item.place, value),
                    input_mode="decimal",
                    max_length=20,
                    aria_label=t("rebalancing.share"),
                    custom_attrs={
                        "aria-describedby": error_id,
                        "aria-invalid": rx.cond(item.error != "", "true", "false"),
                    },
                    class_name=INPUT + " num text-right pr-8",
                ),
                rx.el.span(
                    "%", class_name="absolute right-3 top-1/2 -translate-y-1/2 text-14 text-ink-3", aria_hidden="true"
                ),
                class_name="relative w-28 shrink-0",
            ),
            icon_button(t("rebalancing.remove_share"), "x", on_click=editor.remove_row(item.place)),
            class_name="flex items-center gap-2",
        ),
        rx.el.p(item.error, id=error_id, role="alert", class_name="text-12 text-loss font-strong empty:hidden mt-1"),
        key=item.place.to_string(),
    )
