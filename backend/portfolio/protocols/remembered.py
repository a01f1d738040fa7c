"""What tokens were found to be, remembered for a day: most are no pair and no vault, and need not be asked hourly."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from backend.core.clock import utc_now

V = TypeVar("V")
KEPT = timedelta(days=1)
MOST = 50_000
_Key = tuple[int, str]


class Remembered(Generic[V]):
    """Answers about tokens by (chain, token)."""

    def __init__(self) -> None:
        self._found: dict[_Key, tuple[datetime, V]] = {}

    async def of(
        self, chain_id: int, tokens: Sequence[str], ask: Callable[[Sequence[str]], Awaitable[dict[str, V]]]
    ) -> dict[str, V]:
        """Return the answer for each token; `ask` gives those that are not known, or were found too long ago."""
        now = utc_now()
        answers: dict[str, V] = {}
        unknown: list[str] = []
        for token in tokens:
            held = self._found.get((chain_id, token))
            if held is not None and now - held[0] < KEPT:
                answers[token] = held[1]
            else:
                unknown.append(token)
        if unknown:
            found = await ask(unknown)
            if len(self._found) + len(found) > MOST:
                self._found.clear()
            self._found.update({(chain_id, token): (now, answer) for token, answer in found.items()})
            answers |= found
        return answers
