"""Switzerland: private wealth.

Sources: article 16(3) DBG and article 7(4)(b) StHG (gains on private movable wealth are free, losses do not count);
ESTV working paper on cryptocurrencies of 14 December 2021 (staking, mining and airdrops are income at their worth;
wealth tax on the worth at the end of the year). Whether somebody is a professional dealer (ESTV circular 36) is not
decided here.
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.jurisdictions.base import Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method


class Switzerland(Jurisdiction):
    """Gains are free; income is not. Gains are shown for information."""

    code, name, currency, timezone = "CH", "Switzerland", "CHF", "Europe/Zurich"
    headline = "gain_free"
    methods = (Method.FIFO, Method.AVERAGE)
    why_not = "gains of private wealth are free, so the usual order of securities is enough"

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return income, and gains that are free."""
        del carried
        figures = [
            *usual_figures(gains),
            figure("gain_free", "Gains less losses of private wealth: free", gains.net_e18),
            figure("taxable_gain", "Taxable gain", 0),
        ]
        note = "Wealth tax asks for what is held at the end of the year at the prices of the tax administration."
        return self.result(year, gains, figures, {}, note)


JURISDICTIONS = (Switzerland(),)
