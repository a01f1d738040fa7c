"""How busy a token's trade is: the last hour's volume against the mean hour of the day before. Pure."""

from collections import deque
from decimal import Decimal, localcontext

from backend.core.money import engine_decimal
from backend.market.engine.pools import WIDE

HOUR_MINUTES = 60
BASE_MINUTES = 24 * 60
REACH_MINUTES = HOUR_MINUTES + BASE_MINUTES


class TokenVolume:
    """One token's volume in US dollars by minute; minutes are Unix time // 60 and never go back.

    `first_minute`: when its first swap was counted, however long ago.
    """

    def __init__(self, first_minute: int | None = None) -> None:
        self.first_minute = first_minute
        self._hour: deque[list] = deque()
        self._base: deque[list] = deque()
        self._hour_usd = Decimal(0)
        self._base_usd = Decimal(0)

    def add(self, minute: int, usd: Decimal) -> None:
        """Count what was traded in a minute."""
        self._advance(minute)
        if self.first_minute is None:
            self.first_minute = minute
        if not self._hour or self._hour[-1][0] != minute:
            self._hour.append([minute, Decimal(0)])
        with localcontext(WIDE):
            self._hour[-1][1] += usd
            self._hour_usd += usd

    def ratio(self, minute: int) -> Decimal | None:
        """Return (the last 60 minutes) / (the mean hour of the 24 hours before), None while that is unknown.

        Unknown until the first counted swap is 25 hours old, and when nothing was traded in the 24 hours before.
        """
        self._advance(minute)
        if self.first_minute is None or self.first_minute > minute - REACH_MINUTES or self._base_usd <= 0:
            return None
        with localcontext(WIDE):
            return engine_decimal(self._hour_usd * 24 / self._base_usd)

    def _advance(self, minute: int) -> None:
        with localcontext(WIDE):
            while self._hour and self._hour[0][0] <= minute - HOUR_MINUTES:
                moved = self._hour.popleft()
                self._hour_usd -= moved[1]
                self._base.append(moved)
                self._base_usd += moved[1]
            while self._base and self._base[0][0] <= minute - REACH_MINUTES:
                self._base_usd -= self._base.popleft()[1]
