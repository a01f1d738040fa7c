"""The kinds of alerts there are. None is listed here: whoever fires alerts says them (`backend.alerts.kinds`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from backend.core.schemas import OneOf


@dataclass(frozen=True, slots=True)
class AlertKinds:
    """`names` in the order of pages, and for how many seconds news of a kind are worth being told."""

    names: Callable[[], Sequence[str]]
    news_seconds: Callable[[str], int]


_said: list[AlertKinds] = []


def use_alert_kinds(kinds: AlertKinds) -> None:
    """Say which kinds there are; both are asked each time, so what is added later counts."""
    _said[:] = [kinds]


def alert_kinds() -> tuple[str, ...]:
    """Return the names of all kinds of alerts in the order of pages."""
    return tuple(_kinds().names())


def news_seconds(kind: str) -> int:
    """Return for how long an alert of a kind is worth being told to a device that was off."""
    return _kinds().news_seconds(kind)


def _kinds() -> AlertKinds:
    if not _said:
        raise RuntimeError("no kinds of alerts are known: backend.alerts.kinds.registry was not imported")
    return _said[0]


AlertKind = Annotated[str, OneOf(alert_kinds, "There is no such kind of alert.")]
