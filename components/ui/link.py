"""Links: inside the product without loading a document, outside in a new tab."""

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.inline import a as plain_link
from reflex_components_core.react_router import link as router_link

_TEXT = "text-accent hover:underline underline-offset-2"


def link(*children: Any, to: Any, class_name: Any = _TEXT, **props: Any) -> rx.Component:
    """Return a link to another address of the product."""
    return router_link(*children, to=to, class_name=class_name, **props)


def external_link(*children: Any, href: Any, class_name: Any = _TEXT, **props: Any) -> rx.Component:
    """Return a link that leaves the product, in a new tab that cannot reach back."""
    return plain_link(*children, href=href, target="_blank", rel="noopener noreferrer", class_name=class_name, **props)


def document_link(*children: Any, href: Any, class_name: Any = _TEXT, **props: Any) -> rx.Component:
    """Return a link that the browser itself follows: downloads, the API's pages, places within the page."""
    return plain_link(*children, href=href, class_name=class_name, **props)
