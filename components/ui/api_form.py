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
    next: rx.Var[str]
    fragment: rx.Var[str]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]
    on_sent: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_cancel: rx.EventHandler[rx.event.no_args_event_spec]


def api_form(
    *fields: Any,
    url: Any,
    submit: str,
    on_done: Any = None,
    on_cancel: Any = None,
    on_sent: Any = None,
    next_path: str = "",
    fragment: str = "",
    method: str = "POST",
    kind: Kind = "primary",
    wide: bool = False,
) -> rx.Component:
    """Return the form; fields are named as in the API's body, their errors come from the API's answer.

    With `on_cancel` there is a way out beside the way on. Afterwards: `on_done`; or `on_sent` with the answer's e-mail
    address; or, with `next_path`, a new document (where the cookies have changed), at the address the answer names or
    else at this one. `fragment`: the field that what stands after the # of the page's address is sent as.
    """
    events = {"on_done": on_done, "on_cancel": on_cancel, "on_sent": on_sent}
    return _ApiForm.create(
        *fields,
        url=url,
        method=method,
        labels={
            "submit": submit,
            "busy": t("api_form.busy"),
            "failed": t("api_form.failed"),
            "cancel": t("action.cancel") if on_cancel is not None else "",
            "noFragment": t("entrance.no_link") if fragment else "",
        },
        classes={
            "button": button_class(kind) + (" w-full" if wide else ""),
            "cancel": button_class(),
            "buttons": f"flex flex-wrap gap-2 {'justify-end' if on_cancel is not None else ''}",
            "fields": "flex flex-col gap-4",
            "problem": "text-13 text-loss font-strong empty:hidden",
        },
        next=next_path,
        fragment=fragment,
        **{name: handler for name, handler in events.items() if handler is not None},
        class_name="flex flex-col gap-4",
    )
