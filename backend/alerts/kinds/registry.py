"""Finds the kinds: every folder beside this file that has a `KIND`."""

from functools import cache
from importlib import import_module
from pathlib import Path

from backend.alerts.kinds.base import Kind


@cache
def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds without loading them."""
    return tuple(sorted(each.parent.name for each in Path(__file__).parent.glob("*/__init__.py")))


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Return every kind, in the order in which people are offered them."""
    found = [import_module(f"{__package__}.{name}").KIND for name in kind_names()]
    return tuple(sorted(found, key=lambda kind: (kind.order, kind.name)))


@cache
def _by_name() -> dict[str, Kind]:
    return {kind.name: kind for kind in all_kinds()}


def kind_named(name: str) -> Kind:
    """Return the kind of that name. Raises KeyError."""
    return _by_name()[name]
