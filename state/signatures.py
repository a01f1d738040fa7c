"""What Reflex reads of a handler: the names and kinds of what a page sends."""

import inspect
from collections.abc import Callable
from typing import Any


def show_without(name: str, wrapper: Callable[..., Any], handler: Callable[..., Any]) -> None:
    """Let `wrapper` look like the handler it wraps, but for the parameter `name`, which no page sends."""
    signature = inspect.signature(handler)
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[parameter for each, parameter in signature.parameters.items() if each != name]
    )
    wrapper.__annotations__ = {each: kind for each, kind in handler.__annotations__.items() if each != name}
