"""France: individuals, occasional sales.

Sources: article 150 VH bis CGI, BOI-RPPM-PVBMC-30, form 2086 (a share of what the whole portfolio cost; exchanges
between assets are no disposal; nothing is taxed when all prices of a year together are not above 305 euros: II-B;
losses only against gains of the same year: IV). Income (staking, mining) is assessed apart, as BNC
(BOI-BNC-CHAMP-10-10-20-40).
"""

from collections.abc import Mapping
from decimal import Decimal

from backend.tax.engine.events import Kind
from backend.tax.engine.jurisdictions.base import NO_GAIN, Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled
from backend.tax.engine.results import Disposal

SMALL_SALES = scaled(Decimal(305))
SINCE = 2019


class France(Jurisdiction):
    """The portfolio formula."""

    code, name, currency, timezone = "FR", "France", "EUR", "Europe/Paris"
    methods = (Method.PORTFOLIO,)
    why_not = "a disposal takes a share of what the whole portfolio cost (article 150 VH bis CGI)"
    per_wallet_choice = False
    # An exchange is neutral, and with it what was paid for it in assets.
    untaxed = NO_GAIN | {Kind.SWAP, Kind.FEE, Kind.REPAY}

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Sum the costs of disposal: the limit of small sales is one of prices before them."""
        total.add_own("spent", disposal.spent_e18 or 0)

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the net gain of form 2086; a net loss of the year is lost."""
        del carried
        prices = gains.proceeds_e18 + gains.own("spent")
        is_small = gains.unknown == 0 and prices <= SMALL_SALES
        taxable = 0 if is_small or year < SINCE else max(0, gains.net_e18)
        figures = [*usual_figures(gains), figure("taxable_gain", "Taxable gain", taxable)]
        notes = [
            "Sales of the year are not above 305 euros together: nothing is taxed."
            if is_small and gains.disposals
            else "",
            "Article 150 VH bis holds from 2019: nothing is computed before. What was sold before takes its share of"
            " the portfolio's cost by the same formula; the instruction leaves out the price of those units."
            if year < SINCE
            else "",
            "Prices paid for services count as disposals where the event says so; fees paid in assets do not.",
        ]
        return self.result(year, gains, figures, {}, *notes)


JURISDICTIONS = (France(),)
