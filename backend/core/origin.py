"""Where the running request, handler or job comes from: set by the edges, read by the audit log and the logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Who is at the other end, as far as the edge knows. `channel`: api, page or job; `key`: an API key's beginning."""

    channel: str = "job"
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    key: str = ""


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current_origin() -> Origin:
    """Return the origin of what is running now."""
    return _current.get()


def came_with_key(key: str) -> None:
    """Note the API key that the running request came with, until its edge ends."""
    _current.set(replace(_current.get(), key=key))


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Have everything inside the block know where it comes from."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
