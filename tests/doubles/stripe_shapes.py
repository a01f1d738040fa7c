"""Compares JSON with the official SDK's own description of Stripe's objects (generated from Stripe's OpenAPI document).

Every field must be one the SDK knows, have its type and one of its words; fields that are never null must be there.
"""

import types
import typing
from decimal import Decimal, InvalidOperation
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

from stripe import StripeObject
from stripe._object_classes import get_object_class

# Fields of a created object only, and what the SDK describes loosely.
_LISTS = ("list", "search_result")


def problems(value: Any, path: str = "") -> list[str]:
    """Return what is wrong with an object of Stripe's (a dict with the key `object`), or a list of such."""
    kind = value.get("object")
    where = path or str(kind)
    if value.get("deleted") is True:
        return (
            [] if set(value) == {"id", "object", "deleted"} else [f"{where}: a deleted object has id, object, deleted"]
        )
    if kind in _LISTS:
        missing = [f"{where}: lacks {name}" for name in ("data", "has_more", "url") if name not in value]
        return missing + [
            found for place, each in enumerate(value["data"]) for found in problems(each, f"{where}.data[{place}]")
        ]
    cls = get_object_class("V1", str(kind))
    if cls is StripeObject:
        return [f"{where}: the SDK knows no object {kind!r}"]
    return _fields(value, cls, where)


def _fields(value: dict[str, Any], cls: type, where: str) -> list[str]:
    hints = {
        name: hint
        for base in reversed(cls.__mro__)
        if base.__module__.startswith("stripe.") and base is not StripeObject
        for name, hint in vars(base).get("__annotations__", {}).items()
        if not name.startswith("_") and get_origin(hint) is not typing.ClassVar
    }
    found = [f"{where}: unknown field {name}" for name in value if name not in hints]
    for name, hint in hints.items():
        if name not in value:
            if not _may_be_null(hint):
                found.append(f"{where}: lacks {name}")
        else:
            found += _value(value[name], hint, f"{where}.{name}")
    return found


def _may_be_null(hint: Any) -> bool:
    return get_origin(hint) is Union and type(None) in get_args(hint)


def _value(value: Any, hint: Any, where: str) -> list[str]:  # noqa: C901 - one case a kind of type
    if isinstance(hint, str):
        hint = ForwardRef(hint)
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return []
    if origin in (Union, types.UnionType):
        words = [each for each in args if get_origin(each) is Literal]
        if isinstance(value, str) and words and str in args:  # the SDK lets unknown words pass; we do not
            args = tuple(each for each in args if each is not str)
        tried = [_value(value, each, where) for each in args]
        return min(tried, key=len)
    if origin is Literal:
        return [] if value in args else [f"{where}: {value!r} is none of {args}"]
    if hint is type(None):
        return [] if value is None else [f"{where}: {value!r} is not null"]
    if isinstance(hint, ForwardRef):
        if isinstance(value, dict):
            return problems(value, where)
        return [f"{where}: {value!r} is no object"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [found for place, each in enumerate(value) for found in _value(each, args[0], f"{where}[{place}]")]
    name = getattr(origin or hint, "__name__", "")
    if name in ("ListObject", "UntypedStripeObject"):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        return problems(value, where) if name == "ListObject" else []
    if hint in (int, str, bool, float):
        good = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
        return [] if good else [f"{where}: {value!r} is no {hint.__name__}"]
    if hint is Decimal:
        return _decimal(value, where)
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        return _fields(value, hint, where) if isinstance(value, dict) else [f"{where}: {value!r} is no object"]
    return [f"{where}: cannot compare with {hint!r}"]


def _decimal(value: Any, where: str) -> list[str]:
    try:
        Decimal(value if isinstance(value, str) else "no text")
    except InvalidOperation:
        return [f"{where}: {value!r} is no decimal number in a text"]
    return []
