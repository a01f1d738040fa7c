"""The one source of the current time, so that every test can fix it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

_now: Callable[[], float] = time.time


def now_seconds() -> float:
    """Return the current Unix time in seconds."""
    return _now()


def utc_now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.fromtimestamp(_now(), UTC)


def from_unix(seconds: float) -> datetime:
    """Return the aware UTC datetime of a Unix time in seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def use_clock(source: Callable[[], float] | None) -> None:
    """Replace the time source (tests only); None puts the real clock back."""
    global _now
    _now = source or time.time
