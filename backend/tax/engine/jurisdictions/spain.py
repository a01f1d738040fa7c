"""Spain: individuals.

Sources: Ley 35/2006 (LIRPF) art. 33 (gains), 34 and 35 (worth of acquisition and transmission with costs), 37.1.h
(exchanges), 46 and 49 (savings base; losses carried four years), DGT V1604-18 (first in first out, all wallets as one);
33.5.c (what is given away brings a gain, never a loss).
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.events import Kind
from backend.tax.engine.jurisdictions.base import Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled

YEARS_CARRIED = 4


class Spain(Jurisdiction):
    """First in first out; losses carried four years, the oldest used first."""

    code, name, currency, timezone = "ES", "Spain", "EUR", "Europe/Madrid"
    methods = (Method.FIFO,)
    why_not = "units of one kind go first in first out (DGT V1604-18)"
    per_wallet_choice = False
    untaxed = frozenset({Kind.LOSS})
    no_loss_on = frozenset({Kind.GIFT_OUT, Kind.DONATION})

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the gain of the savings base. `carried` are losses by the year they are of (`losses_2023`)."""
        left = max(0, gains.net_e18)
        losses = {name: scaled(amount) for name, amount in sorted(carried.items())}
        losses = {name: amount for name, amount in losses.items() if year - int(name[-4:]) <= YEARS_CARRIED}
        used = 0
        for name in losses:
            now = min(left, losses[name])
            losses[name], left, used = losses[name] - now, left - now, used + now
        if gains.net_e18 < 0:
            losses[f"losses_{year}"] = -gains.net_e18
        figures = [
            *usual_figures(gains),
            figure("losses_used", "Losses of the four years before used", used),
            figure("taxable_gain", "Taxable gain of the savings base", left),
        ]
        notes = (
            "A loss may be deferred where the same is bought again (art. 33.5): not decided here.",
            "A quarter of income from savings may be set off too: not done here.",
        )
        return self.result(year, gains, figures, losses, *notes)


JURISDICTIONS = (Spain(),)
