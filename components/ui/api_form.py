"""A form that the browser sends to the API itself, for what no state may hold: a password, most of all."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import Kind, button_class


class _ApiForm(rx.Component):
    """The part in assets/ui/api_form.js."""

    library = "$/public/ui/api_form.js"
    tag = "ApiForm"
    class_name: rx.Var[str]  # type: ignore[assignment]
    url: rx.Var[str]
    method: rx.Var[str]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]


def api_form(
    *fields: Any, url: Any, submit: str, on_done: Any, method: str = "POST", kind: Kind = "primary"
) -> rx.Component:
    """Return the form; fields are named as in the API's body, their errors come from the API's answer."""
    return _ApiForm.create(
        *fields,
        url=url,
        method=method,
        labels={"submit": submit, "busy": t("api_form.busy"), "failed": t("api_form.failed")},
        classes={
            "button": f"{button_class(kind)} self-start",
            "fields": "flex flex-col gap-4",
            "problem": "text-13 text-loss font-strong empty:hidden",
        },
        on_done=on_done,
        class_name="flex flex-col gap-4",
    )
