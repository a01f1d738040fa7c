"""What stands on the page when the page itself breaks."""

import reflex as rx
from reflex_base.vars.base import Var
from reflex_base.vars.function import ArgsFunctionOperation
from reflex_components_core.base.error_boundary import ErrorBoundary

from components.i18n import t
from components.ui.button import button_class
from components.ui.link import document_link


def page_error_boundary() -> rx.Component:
    """Return the boundary; the error goes to the log by Reflex's own handler."""
    fallback = rx.el.main(
        rx.el.h1(t("error.page_title"), class_name="text-20 font-strong"),
        rx.el.p(t("error.page_text"), class_name="text-14 text-ink-2 mt-2 mb-4"),
        document_link(t("error.page_reload"), href="", class_name=button_class("primary")),
        class_name="min-h-dvh flex flex-col items-center justify-center p-6 text-center",
    )
    return ErrorBoundary.create(
        fallback_render=ArgsFunctionOperation.create(("event_args",), Var.create(fallback), _var_type=rx.Component)
    )
