"""Numbers for keys, arranged so that an event finds all the keys it must ask with one or two dictionary look-ups."""

from decimal import Decimal

from backend.alerts.engine.points import (
    ALWAYS,
    AMOUNT,
    DOWN,
    EITHER_WAY,
    RECEIVED,
    SENT,
    UP,
    USD,
    Key,
)

NONE: tuple[tuple[int, int], ...] = ()


class PriceKeys:
    """The key numbers of one token: price edges up and down, and by window the three kinds of change; -1: no rule.

    `seen` and `seen_number` remember the last decimal that was turned into a double: mostly the next reading's
    previous price, and turning a decimal costs more than finding the rules.
    """

    __slots__ = ("down", "seen", "seen_number", "up", "windows")

    def __init__(self) -> None:
        self.up = -1
        self.down = -1
        self.seen: Decimal | None = None
        self.seen_number = 0.0
        self.windows: dict[int, list[int]] = {}


class KeyTable:
    """Gives every key a number, and says which numbers concern an event."""

    def __init__(self) -> None:
        self.count = 0
        self.prices: dict[int, dict[str, PriceKeys]] = {}
        self._whales: dict[tuple[int | None, str | None, int], int] = {}
        self._wallets: dict[str, dict[tuple[int, int | None, str | None, int], int]] = {}
        self._transfer_cache: dict[tuple[int, str], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def number(self, key: Key) -> int:
        """Return the key's number, giving it one when it is new."""
        if len(key) == 4:
            return self._price_number(*key)
        if len(key) == 3:
            found = self._whales.get(key)
            if found is None:
                self._transfer_cache.clear()
                found = self._whales[key] = self._next()
            return found
        wallet, side, chain_id, token, measure = key
        numbers = self._wallets.setdefault(wallet, {})
        shape = (side, chain_id, token, measure)
        if shape not in numbers:
            numbers[shape] = self._next()
        return numbers[shape]

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

    def _next(self) -> int:
        self.count += 1
        return self.count - 1

    def _price_number(self, chain_id: int, token: str, window: int, way: int) -> int:
        keys = self.prices.setdefault(chain_id, {}).get(token)
        if keys is None:
            keys = self.prices[chain_id][token] = PriceKeys()
        if window:
            ways = keys.windows.setdefault(window, [-1, -1, -1])
            if ways[way] < 0:
                ways[way] = self._next()
            return ways[way]
        if way == UP:
            keys.up = keys.up if keys.up >= 0 else self._next()
            return keys.up
        keys.down = keys.down if keys.down >= 0 else self._next()
        return keys.down


__all__ = ["ALWAYS", "AMOUNT", "DOWN", "EITHER_WAY", "NONE", "RECEIVED", "SENT", "UP", "USD", "KeyTable", "PriceKeys"]
