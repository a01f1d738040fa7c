"""How many messages of a channel may go now: places, messages a second in all and to a target, targets that rest."""

from collections import Counter
from collections.abc import Callable

from backend.notifications.channels.port import Channel

_MOST_REMEMBERED = 20_000


class ChannelLine:
    """What is on its way over one channel. `now` is a monotonic clock in seconds.

    A lane is what shares places: the host of webhooks, one target of other channels.
    """

    def __init__(self, channel: Channel, now: Callable[[], float]) -> None:
        self.channel = channel
        self._now = now
        self._in_flight = 0
        self._busy: Counter[str] = Counter()
        self._free_at: dict[str, float] = {}  # lanes that rest until then
        self._tokens = self._most_tokens
        self._filled_at = now()

    @property
    def _most_tokens(self) -> float:
        return max(1.0, self.channel.pace.per_second or 1.0)

    def room(self) -> int:
        """Return how many more messages may start now."""
        places = self.channel.pace.at_once - self._in_flight
        return places if self.channel.pace.per_second is None else min(places, int(self._fill()))

    def lane_room(self) -> dict[str, int]:
        """Return how many more each lane may get that may not get as many as any other."""
        now, most = self._now(), self.channel.pace.at_once_per_target
        self._free_at = {lane: at for lane, at in self._free_at.items() if at > now}
        found = {lane: max(0, most - busy) for lane, busy in self._busy.items()}
        return found | dict.fromkeys(self._free_at, 0)

    def started(self, lane: str) -> None:
        """Note that a message is on its way."""
        self._in_flight += 1
        self._busy[lane] += 1
        if self.channel.pace.per_second is not None:
            self._tokens = self._fill() - 1
        if (rate := self.channel.pace.per_target_per_second) is not None:
            self.rest(lane, 1 / rate)

    def ended(self, lane: str) -> None:
        """Note that it arrived, or not."""
        self._in_flight -= 1
        self._busy[lane] -= 1
        if self._busy[lane] <= 0:
            del self._busy[lane]

    def rest(self, lane: str, seconds: float) -> None:
        """Send nothing more into the lane for so long."""
        if len(self._free_at) >= _MOST_REMEMBERED:
            del self._free_at[min(self._free_at, key=self._free_at.__getitem__)]
        self._free_at[lane] = max(self._free_at.get(lane, 0.0), self._now() + seconds)

    def _fill(self) -> float:
        now = self._now()
        added = (now - self._filled_at) * (self.channel.pace.per_second or 0.0)
        self._tokens, self._filled_at = min(self._most_tokens, self._tokens + added), now
        return self._tokens
