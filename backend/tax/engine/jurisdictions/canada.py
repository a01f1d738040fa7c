"""Canada.

Sources: ITA 47(1) (identical properties: average cost), CRA T4037 and "Guide for cryptocurrency users"; ITA 54
"superficial loss", 40(2)(g)(i), 53(1)(f) (denied, and added to the cost of what replaces it); 38 (half of a gain or
loss counts; the higher share proposed in 2024 was withdrawn on 21 March 2025); 111(1)(b) (net capital losses carried);
69(1) (gifts at market value). The share of a superficial loss is CRA's min(sold, bought, held) / sold.
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.jurisdictions.base import Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled


class Canada(Jurisdiction):
    """Adjusted cost base, superficial losses, half of it counts."""

    code, name, currency, timezone = "CA", "Canada", "CAD", "America/Toronto"
    methods = (Method.AVERAGE,)
    why_not = "identical properties have one average cost (ITA 47(1))"
    per_wallet_choice = False
    superficial_losses = True
    buy_back_days = (30, 30)
    buy_back_rule = "a superficial loss: denied and added to the cost of what is held 30 days on (ITA 54)"
    untaxed = frozenset()  # gifts and donations are disposals at market value, what is lost one for nothing

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the figures of Schedule 3: half of gains less losses, and net capital losses carried (at half)."""
        half = abs(gains.net_e18) // 2
        before = scaled(carried.get("net_capital_losses", Decimal(0)))
        taxable = half if gains.net_e18 > 0 else 0
        used = min(before, taxable)
        figures = [
            *usual_figures(gains),
            figure("denied_losses", "Superficial losses denied, added to the cost", gains.disallowed_e18),
            figure("taxable_capital_gain", "Taxable capital gain: half", taxable),
            figure("losses_used", "Net capital losses of earlier years used", used),
            figure("taxable_gain", "Taxable after losses", taxable - used),
        ]
        left = before - used + (half if gains.net_e18 < 0 else 0)
        note = "Purchases by a spouse or an own company make a loss superficial too: they are not seen here."
        return self.result(year, gains, figures, {"net_capital_losses": left}, note)


JURISDICTIONS = (Canada(),)
