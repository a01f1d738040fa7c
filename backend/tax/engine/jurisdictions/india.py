"""India: virtual digital assets.

Sources: Income-tax Act 1961, section 115BBH (from the year 2022/23: 30 % of the gain of each transfer; nothing but the
cost of acquisition may be deducted; a loss is set off against nothing, not even another asset, and not carried) and
2(47A); section 56(2)(x) (what is received for nothing is income at its worth). The Act names no order of lots; first
in first out is what the return's schedule VDA is filled with: a line for each date of acquisition, "nil in case of
loss", so that the loss of one lot is not set off against the gain of another that was sold with it.
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.jurisdictions.base import NO_GAIN, Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.results import Disposal

SINCE = 2022


class India(Jurisdiction):
    """30 % of every gain, and no set-off."""

    code, name, currency, timezone = "IN", "India", "INR", "Asia/Kolkata"
    methods = (Method.FIFO,)
    why_not = "schedule VDA lists each transfer with its own cost and date, first in first out"
    year_starts = (4, 1)
    untaxed = NO_GAIN
    fees_count = False

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Sum gains and losses line by line of schedule VDA: a lot each."""
        for part in disposal.parts:
            gain = part.gain_e18
            if gain is not None:
                total.add_own("gains" if gain > 0 else "losses", abs(gain))

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the sum of gains, the tax of 30 % on it, and the losses that are lost."""
        del carried
        taxable = gains.own("gains") if year >= SINCE else 0
        figures = [
            *usual_figures(gains),
            figure("taxable_gain", "Gains, without any loss set off", taxable),
            figure("tax", "Tax of 30 % on them, before surcharge and cess", taxable * 3 // 10),
            figure("losses_lost", "Losses that count against nothing", gains.own("losses")),
        ]
        note = "Before 2022/23 section 115BBH was not law: nothing is computed." if year < SINCE else ""
        return self.result(year, gains, figures, {}, note)


JURISDICTIONS = (India(),)
