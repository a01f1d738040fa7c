"""A small cache in this process that hears of changes: entries live seconds, and go when their key is dropped."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from backend.core.clock import now_seconds
from backend.core.telemetry import cache_lookups

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LiveCache(Generic[K, V]):
    """Keeps what `load` returned for `seconds`, as long as somebody vouches (`is_live`) that changes are heard of."""

    def __init__(self, name: str, seconds: float, is_live: Callable[[], bool], most: int = 20_000) -> None:
        self._name = name
        self._seconds = seconds
        self._is_live = is_live
        self._most = most
        self._entries: dict[K, tuple[float, V]] = {}
        self._drops = 0
        self._hit, self._miss = cache_lookups.labels(name, "hit"), cache_lookups.labels(name, "miss")

    def __len__(self) -> int:
        return len(self._entries)

    def peek(self, key: K) -> V | None:
        """Return what is kept for `key`, if it may still be used."""
        entry = self._entries.get(key)
        if entry is None or now_seconds() >= entry[0] or not self._is_live():
            return None
        self._hit.inc()
        return entry[1]

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return what is kept for `key`, else what `load` returns (kept, unless a key was dropped meanwhile)."""
        kept = self.peek(key)
        if kept is not None:
            return kept
        self._miss.inc()
        drops = self._drops
        value = await load()
        if value is not None and drops == self._drops and self._is_live():
            if len(self._entries) >= self._most:
                for old in list(self._entries)[: self._most // 2]:
                    del self._entries[old]
            self._entries.pop(key, None)
            self._entries[key] = (now_seconds() + self._seconds, value)
        return value

    def drop(self, key: K) -> None:
        """Forget a key; what is being loaded right now is not kept either."""
        self._drops += 1
        self._entries.pop(key, None)

    def drop_where(self, test: Callable[[V], bool]) -> None:
        """Forget every entry whose value passes the test."""
        self._drops += 1
        for key in [key for key, (_, value) in self._entries.items() if test(value)]:
            del self._entries[key]

    def clear(self) -> None:
        """Forget everything."""
        self._drops += 1
        self._entries.clear()
