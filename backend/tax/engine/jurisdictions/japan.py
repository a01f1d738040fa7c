"""Japan: individuals.

Sources: National Tax Agency, FAQ on the tax treatment of cryptoassets (miscellaneous income; the yearly total average
is the method by law unless the moving average was notified: Order for Enforcement of the Income Tax Act, art. 119-2,
119-5); exchanges of one asset for another are disposals at market value; losses are not set off against other kinds of
income and not carried (Income Tax Act, art. 69). Gifts are disposals at market value (art. 40). What comes of a chain
split had no market yet: no income then, and it cost nothing (FAQ, "split (fork)").
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.events import IncomeKind, Kind
from backend.tax.engine.jurisdictions.base import Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method


class Japan(Jurisdiction):
    """Total average of the year, or moving average."""

    code, name, currency, timezone = "JP", "Japan", "JPY", "Asia/Tokyo"
    headline = "miscellaneous_income"
    methods = (Method.TOTAL_AVERAGE, Method.AVERAGE)
    why_not = "the total average is the method by law, the moving average where it was notified"
    per_wallet_choice = False
    no_income = frozenset({IncomeKind.FORK})
    untaxed = frozenset({Kind.LOSS})
    wrap_is_disposal = True  # nothing frees it: another token for a token is an exchange

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return miscellaneous income: gains less losses and what was earned, never below nothing."""
        del carried
        figures = [
            *usual_figures(gains),
            figure("miscellaneous_income", "Miscellaneous income", max(0, gains.net_e18 + gains.income_e18)),
        ]
        return self.result(year, gains, figures, {}, "A loss of the year is neither set off nor carried.")


JURISDICTIONS = (Japan(),)
