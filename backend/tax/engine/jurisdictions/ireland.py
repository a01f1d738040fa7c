"""Ireland: individuals.

Sources: TCA 1997 sections 544 to 552 (gains, costs), 580 and 581 (first in first out, four weeks), 547 (gifts at market
value), 601 (annual exemption of 1,270 euros), 31 (losses of the year, then those carried); Revenue, Tax and Duty Manual
Part 02-01-03 (cryptoassets: the usual rules; 33 %).
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.events import Kind
from backend.tax.engine.jurisdictions.base import Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled

EXEMPTION = scaled(Decimal(1270))


class Ireland(Jurisdiction):
    """First in first out with the four-week rule."""

    code, name, currency, timezone = "IE", "Ireland", "EUR", "Europe/Dublin"
    methods = (Method.FIFO,)
    why_not = "units of one kind go first in first out (section 580 TCA 1997)"
    per_wallet_choice = False
    four_weeks = True
    buy_back_days = (28, 28)
    buy_back_rule = (
        "units of the four weeks before go first; a loss counts only against gains on what is bought back (s581)"
    )
    untaxed = frozenset({Kind.DONATION, Kind.LOSS})

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the chargeable gain: losses first, those carried too, then the exemption."""
        before = scaled(carried.get("losses", Decimal(0)))
        used = min(before, max(0, gains.net_e18))
        left = max(0, gains.net_e18) - used
        figures = [
            *usual_figures(gains),
            figure("ring_fenced_losses", "Losses that wait for gains on what was bought back", gains.disallowed_e18),
            figure("losses_used", "Losses of earlier years used", used),
            figure("taxable_gain", "Gain above the exemption of 1,270", max(0, left - EXEMPTION)),
        ]
        note = "Whether section 581 covers cryptoassets is not settled; it is applied here."
        return self.result(year, gains, figures, {"losses": before - used + max(0, -gains.net_e18)}, note)


JURISDICTIONS = (Ireland(),)
