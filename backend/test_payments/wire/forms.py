"""Stripe's request bodies: `items[0][price]=…`, `expand[]=…`, `metadata[key]=…` into lists and dictionaries."""

import re
from typing import Any
from urllib.parse import parse_qsl

from backend.test_payments.wire.errors import StripeError

MOST_FIELDS = 1_000
_KEY = re.compile(r"^(?P<head>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)$")


def decode_form(text: str) -> dict[str, Any]:
    """Return the nested parameters of a form-encoded body or query. Raises StripeError when it is not one."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise StripeError("Invalid request: the body is not a form, or has too many fields.") from None
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _place(tree, _path(key), value, key)
    return {name: _with_lists(value, name) for name, value in tree.items()}


def _path(key: str) -> list[str]:
    found = _KEY.match(key)
    if found is None:
        raise StripeError(f"Invalid parameter name: {key}", param=key)
    return [found["head"], *re.findall(r"\[([^\[\]]*)\]", found["rest"])]


def _place(tree: dict[str, Any], path: list[str], value: str, key: str) -> None:
    here = tree
    for step in path[:-1]:
        here = here.setdefault(step if step else str(len(here)), {})
        if not isinstance(here, dict):
            raise StripeError(f"Invalid parameter: {key} is both a value and a hash.", param=key)
    last = path[-1] if path[-1] else str(len(here))
    if isinstance(here.get(last), dict):
        raise StripeError(f"Invalid parameter: {key} is both a value and a hash.", param=key)
    here[last] = value


def _with_lists(value: Any, name: str) -> Any:
    """Turn dictionaries with the keys 0, 1, … into lists (metadata keeps its keys)."""
    if not isinstance(value, dict):
        return value
    if name != "metadata" and value and all(key.isascii() and key.isdigit() for key in value):
        return [_with_lists(value[key], key) for key in sorted(value, key=int)]
    return {key: _with_lists(each, key) for key, each in value.items()}
