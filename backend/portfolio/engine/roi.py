"""Return on investment: what was gained, of what was put in.

gain_usd = value at the end + taken out - value at the start - put in; roi_pct = 100 x gain_usd / (value at the start
+ put in), over the whole time, in percent. Put in is money, not time: a deposit of yesterday counts like one of last
year, which is what time- and money-weighted returns are for. Source: the usual definition (CFA Institute, holding
period return on cost).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from backend.portfolio.engine.exact import EXACT, add_up, percent


@dataclass(frozen=True, slots=True)
class ReturnOnInvestment:
    """What was invested and gained in US dollars. `pct` is None when nothing was invested."""

    invested_usd: Decimal
    gain_usd: Decimal

    @property
    def pct(self) -> Decimal | None:
        """Gain in percent of what was invested."""
        return percent(self.gain_usd, self.invested_usd)


def return_on_investment(
    start_usd: Decimal | None, end_usd: Decimal | None, flows_usd: Iterable[Decimal]
) -> ReturnOnInvestment | None:
    """Return the gain between two values with the flows between them (in positive), None when a value is unknown."""
    if start_usd is None or end_usd is None:
        return None
    flows = list(flows_usd)
    put_in = add_up(flow for flow in flows if flow > 0)
    taken_out = add_up(flow.copy_negate() for flow in flows if flow < 0)
    invested = EXACT.add(start_usd, put_in)
    return ReturnOnInvestment(invested, EXACT.subtract(EXACT.add(end_usd, taken_out), invested))
