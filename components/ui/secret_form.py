"""A form whose answer is a secret: the browser asks the API for it and shows it once; no state ever holds it."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class


class _SecretForm(rx.Component):
    """The part in assets/ui/secret_form.js."""

    library = "$/public/ui/secret_form.js"
    tag = "SecretForm"
    class_name: rx.Var[str]  # type: ignore[assignment]
    url: rx.Var[str]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]


def secret_form(*fields: Any, url: Any, submit: str, once: str, on_done: Any) -> rx.Component:
    """Return the form; fields are named as in the API's body, their errors come from the API's answer."""
    return _SecretForm.create(
        *fields,
        url=url,
        labels={
            "submit": submit,
            "busy": t("secret_form.busy"),
            "failed": t("secret_form.failed"),
            "once": once,
            "copy": t("secret_form.copy"),
            "copied": t("secret_form.copied"),
            "done": t("secret_form.done"),
        },
        classes={
            "button": button_class(),
            "primary": button_class("primary"),
            "buttons": "flex justify-end gap-2",
            "note": "text-13 text-ink-2",
            "problem": "text-13 text-loss font-strong empty:hidden",
            "secret": "mono block text-13 break-all select-all p-3 rounded-6 border border-line-strong bg-raised",
        },
        on_done=on_done,
        class_name="flex flex-col gap-5 p-5",
    )
