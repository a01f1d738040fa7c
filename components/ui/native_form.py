"""A form that the browser itself sends, loading a new document.

Reflex's own form always stops that. Signing in and out must be sent like this: the session cookie is HttpOnly, and a
page's socket carries the cookies of the document it was opened from.
"""

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """A plain `<form>`."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]


def native_form(*children: Any, action: str, **props: Any) -> rx.Component:
    """Return a form that is posted to `action`."""
    return NativeForm.create(*children, action=action, method="post", **props)
