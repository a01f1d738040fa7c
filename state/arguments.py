"""What a page sends beside an event is no more to be trusted than a request: any socket can send anything."""

import inspect
import typing
from collections.abc import Callable
from typing import Any
from uuid import UUID

from backend.core.errors import InvalidInputError
from components.i18n import t


def id_of(text: object) -> UUID:
    """Return an id that a page sent. Raises InvalidInputError."""
    try:
        return UUID(str(text))
    except ValueError:
        raise InvalidInputError(t("form.invalid")) from None


def window_of(window: object, most: int) -> int:
    """Return which window of a long list a page asks for, from 1 to `most`. Raises InvalidInputError."""
    if isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= most:
        raise InvalidInputError(t("form.invalid"))
    return window


def arguments_of(handler: Callable[..., Any]) -> Callable[..., inspect.BoundArguments]:
    """Return what makes the arguments of an event those of a handler `(self, user, …)`, each of its annotated kind.

    A number for a text is written out, and nothing at all is an empty text; what cannot be meant, what is missing and
    what the handler does not take raise InvalidInputError, so that no handler meets a list where it has a text.
    """
    parameters = [each for each in inspect.signature(handler).parameters.values() if each.name not in ("self", "user")]
    signature = inspect.Signature(parameters)
    kinds = {each.name: typing.get_origin(each.annotation) or each.annotation for each in parameters}

    def taken(*args: Any, **kwargs: Any) -> inspect.BoundArguments:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            raise InvalidInputError(t("form.invalid")) from None
        for name, value in bound.arguments.items():
            bound.arguments[name] = _of_kind(value, kinds[name])
        return bound

    return taken


def _of_kind(value: Any, kind: Any) -> Any:
    if kind is str and (value is None or isinstance(value, int | float)):
        return "" if value is None else str(value)
    if kind is int and isinstance(value, bool):
        raise InvalidInputError(t("form.invalid"))
    if kind is bool and isinstance(value, int | float | None):
        return bool(value)
    if kind in (str, int, bool, dict) and not isinstance(value, kind):
        raise InvalidInputError(t("form.invalid"))
    return value
