"""Finds the kinds: every folder of this package that has a `KIND`. Nothing else in the product lists them."""

from functools import cache
from importlib import import_module
from pathlib import Path

from backend.alerts import kinds
from backend.alerts.kinds.base import Kind
from backend.notifications.service import AlertKinds, use_alert_kinds


@cache
def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds without loading them."""
    return tuple(sorted(each.parent.name for place in kinds.__path__ for each in Path(place).glob("*/__init__.py")))


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


def look_again() -> None:
    """Forget which kinds were found, for a folder that was added since."""
    for each in (kind_names, all_kinds, _by_name):
        each.cache_clear()


def _news_seconds(name: str) -> int:
    """Return for how long news of a kind are worth being told; of one that is gone, as long as of most."""
    return _by_name()[name].news_seconds if name in _by_name() else Kind.news_seconds


use_alert_kinds(AlertKinds(lambda: [kind.name for kind in all_kinds()], _news_seconds))
