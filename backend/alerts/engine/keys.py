"""Numbers for keys, arranged so that an event finds all the keys it must ask with one or two dictionary look-ups."""

from decimal import Decimal
from typing import Any

from backend.alerts.engine.points import (
    ALWAYS,
    AMOUNT,
    DOWN,
    EITHER_WAY,
    GAP,
    METRIC,
    RECEIVED,
    SENT,
    UP,
    USD,
    Key,
)

NONE: tuple[tuple[int, int], ...] = ()


class SeriesKeys:
    """The key numbers of one series: edges up and down, gaps, and by window the four kinds of change; -1: no rule.

    `seen` and `seen_number` remember the last decimal that was turned into a double: mostly the next reading's
    previous value, and turning a decimal costs more than finding the rules. `history` is the series' record, for
    those that watched rules look at.
    """

    __slots__ = ("down", "gap", "history", "seen", "seen_number", "up", "windows")

    def __init__(self) -> None:
        self.up = -1
        self.down = -1
        self.gap = -1
        self.seen: Decimal | None = None
        self.seen_number = 0.0
        self.windows: dict[int, list[int]] = {}
        self.history: Any = None


class KeyTable:
    """Gives every key a number, and says which numbers concern an event."""

    def __init__(self) -> None:
        self.count = 0
        self.prices: dict[int, dict[str, SeriesKeys]] = {}
        self.metrics: dict[tuple[str, int], dict[str, SeriesKeys]] = {}
        self._topics: dict[tuple[str, int | None, str | None], int] = {}
        self._whales: dict[tuple[int | None, str | None, int], int] = {}
        self._wallets: dict[str, dict[tuple[int, int | None, str | None, int], int]] = {}
        self._transfer_cache: dict[tuple[int, str], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def number(self, key: Key) -> int:
        """Return the key's number, giving it one when it is new."""
        shape: tuple[Any, ...] = key
        if len(shape) == 4:
            if type(shape[0]) is int:
                return self._series_number(self.of_prices(shape[0], shape[1]), shape[2], shape[3])
            return self._numbered(self._topics, shape[1:])
        if len(shape) == 3:
            if shape not in self._whales:
                self._transfer_cache.clear()
            return self._numbered(self._whales, shape)
        if shape[0] == METRIC:
            return self._series_number(self.of_metric(shape[1], shape[2], shape[3]), shape[4], shape[5])
        return self._numbered(self._wallets.setdefault(shape[0], {}), shape[1:])

    def of_prices(self, chain_id: int, token: str) -> SeriesKeys:
        """Return the keys of a token's prices, made if there are none."""
        tokens = self.prices.setdefault(chain_id, {})
        found = tokens.get(token)
        if found is None:
            found = tokens[token] = SeriesKeys()
        return found

    def of_metric(self, metric: str, chain_id: int, subject: str) -> SeriesKeys:
        """Return the keys of a metric's readings, made if there are none."""
        subjects = self.metrics.setdefault((metric, chain_id), {})
        found = subjects.get(subject)
        if found is None:
            found = subjects[subject] = SeriesKeys()
        return found

    def of_occurrence(self, topic: str, chain_id: int, subject: str) -> tuple[int, ...]:
        """Return the keys to ask with an occurrence's value."""
        get = self._topics.get
        shapes = ((chain_id, subject), (chain_id, None), (None, subject), (None, None))
        return tuple(n for c, s in shapes if (n := get((topic, c, s))) is not None)

    def has_topic(self, topic: str, chain_id: int, subject: str) -> bool:
        """Return whether there is a key for just this subject."""
        return (topic, chain_id, subject) in self._topics

    def of_transfer(self, chain_id: int, token: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the keys to ask with a transfer's value in dollars, and those to ask with its amount."""
        pair = (chain_id, token)
        found = self._transfer_cache.get(pair)
        if found is None:
            get = self._whales.get
            shapes = ((chain_id, token), (chain_id, None), (None, token), (None, None))
            found = (
                tuple(n for c, t in shapes if (n := get((c, t, USD))) is not None),
                tuple(n for c, t in shapes if (n := get((c, t, AMOUNT))) is not None),
            )
            if len(self._transfer_cache) > 200_000:
                self._transfer_cache.clear()
            self._transfer_cache[pair] = found
        return found

    def of_wallet(self, wallet: str, side: int, chain_id: int, token: str) -> tuple[tuple[int, int], ...]:
        """Return (measure, key) for what watches this wallet on this side of a transfer; empty for most wallets."""
        numbers = self._wallets.get(wallet)
        if numbers is None:
            return NONE
        get = numbers.get
        return tuple(
            (measure, number)
            for chain, name in ((chain_id, token), (chain_id, None), (None, token), (None, None))
            for measure in (USD, AMOUNT, ALWAYS)
            if (number := get((side, chain, name, measure))) is not None
        )

    def _numbered(self, numbers: dict[Any, int], shape: tuple[Any, ...]) -> int:
        found = numbers.get(shape)
        if found is None:
            found = numbers[shape] = self._next()
        return found

    def _next(self) -> int:
        self.count += 1
        return self.count - 1

    def _series_number(self, keys: SeriesKeys, window: int, way: int) -> int:
        if window:
            ways = keys.windows.setdefault(window, [-1, -1, -1, -1])
            if ways[way] < 0:
                ways[way] = self._next()
            return ways[way]
        name = {UP: "up", DOWN: "down", GAP: "gap"}[way]
        if getattr(keys, name) < 0:
            setattr(keys, name, self._next())
        return getattr(keys, name)


__all__ = ["ALWAYS", "AMOUNT", "DOWN", "EITHER_WAY", "NONE", "RECEIVED", "SENT", "UP", "USD", "KeyTable", "SeriesKeys"]
