"""Change of value between two times, in US dollars and percent.

change_usd = value now - value then; change_pct = 100 x change_usd / value then.
It is made of what is known at both times; what is unknown at either is left out of both and named.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from backend.portfolio.engine.exact import EXACT, add_up, percent
from backend.portfolio.engine.valuation import Valued
from backend.portfolio.holdings import AssetKey


@dataclass(frozen=True, slots=True)
class Change:
    """The change of what is known at both times. `pct` is None when nothing of worth was held then."""

    then_usd: Decimal
    now_usd: Decimal
    unknown: tuple[Valued, ...]

    @property
    def is_complete(self) -> bool:
        """True when nothing had to be left out."""
        return not self.unknown

    @property
    def usd(self) -> Decimal:
        """Value now less value then, in US dollars."""
        return EXACT.subtract(self.now_usd, self.then_usd)

    @property
    def pct(self) -> Decimal | None:
        """The change in percent of the value then, None when that was not above zero."""
        return percent(self.usd, self.then_usd)


def change(then: Iterable[Valued], now: Iterable[Valued]) -> Change:
    """Return the change between two valuations. What was not held at one of the times was worth nothing then."""
    before, after = list(then), list(now)
    unknown = [each for each in (*before, *after) if each.value_usd is None]
    left_out = {_place(each) for each in unknown}
    then_usd, now_usd = (
        add_up(each.value_usd for each in side if each.value_usd is not None and _place(each) not in left_out)
        for side in (before, after)
    )
    return Change(then_usd, now_usd, tuple({_place(each): each for each in unknown}.values()))


def _place(valued: Valued) -> tuple[str, AssetKey, str | None]:
    return valued.holding.wallet, valued.holding.asset, valued.holding.protocol
