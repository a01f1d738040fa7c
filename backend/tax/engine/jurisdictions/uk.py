"""The United Kingdom: individuals, and companies.

Sources: TCGA 1992 s104, s105, s106A, s107; HMRC CRYPTO22200 to 22257 (pools and their order), CRYPTO22150 (a swap's
fee belongs to both sides, half each here), CRYPTO22280 (a fee paid in tokens is a disposal), CRYPTO41350 (companies),
CRYPTO61600 and on (loans and liquidity; tokens received cost what was given, s17, s38); s17 (gifts at market value);
s43 and s52(4) (CRYPTO22300, CRYPTO41600: a fork is no income, and a just share of the original's cost goes along; how
much is not known here, so that all of it stays with the original); s3K (annual exempt amount, and losses carried are
used down to it); FA 2025 (rates differ for disposals from 30 October 2024). A day is one of London's.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from backend.tax.engine.events import IncomeKind, Kind
from backend.tax.engine.jurisdictions.base import Jurisdiction, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled
from backend.tax.engine.results import Disposal

# Annual exempt amount by the year it holds from; before 2019/20 the amounts of those years.
ALLOWANCES = {
    2014: 11_000, 2015: 11_100, 2017: 11_300, 2018: 11_700, 2019: 12_000, 2020: 12_300, 2023: 6_000, 2024: 3_000,
}  # fmt: skip
RATE_CHANGE = date(2024, 10, 30)
_ORDER = (
    "shares of one kind are matched by the day, then by the days around it, then with the pool (TCGA 1992 s104-107)"
)


class UnitedKingdom(Jurisdiction):
    """Same day, 30 days after, then the section 104 pool."""

    code, name, currency, timezone = "UK", "United Kingdom", "GBP", "Europe/London"
    methods = (Method.SECTION_104,)
    why_not = _ORDER
    year_starts = (4, 6)
    per_wallet_choice = False
    untaxed = frozenset({Kind.DONATION, Kind.LOSS})
    no_income = frozenset({IncomeKind.FORK})
    cost_is_given = True
    buy_back_days = (0, 30)
    buy_back_rule = "what is bought within 30 days after is matched with the sale instead of the pool (s106A)"

    def sold_leg_share(self, day: date) -> tuple[int, int]:
        """A swap's fee is apportioned on a just and reasonable basis (CRYPTO22150): half each."""
        del day
        return 1, 2

    def allowance(self, year: int) -> int:
        """Return the annual exempt amount of a tax year in pounds, 0 before 2014/15."""
        return next((ALLOWANCES[since] for since in sorted(ALLOWANCES, reverse=True) if year >= since), 0)

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Sum the gains since the rates changed."""
        if disposal.day >= RATE_CHANGE:
            total.add_own("late", disposal.gain_e18 or 0)

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the figures of SA108. Losses of the year count in full; those carried only down to the allowance."""
        allowance = scaled(Decimal(self.allowance(year)))
        before = scaled(carried.get("losses", Decimal(0)))
        net = gains.net_e18
        used = min(before, max(0, net - allowance))
        taxable = max(0, net - used - allowance)
        figures = [
            *usual_figures(gains),
            figure("allowance", "Annual exempt amount", allowance),
            figure("losses_used", "Losses of earlier years used", used),
            figure("taxable_gain", "Gain above the exempt amount", taxable),
        ]
        if year == 2024:
            figures.append(
                figure("net_gain_from_30_october", "Of the net gain: disposals from 30 October 2024", gains.own("late"))
            )
        note = "Years before 2014/15 have no exempt amount here." if year < 2014 else ""
        return self.result(year, gains, figures, {"losses": before - used + max(0, -net)}, note)


class UnitedKingdomCompany(UnitedKingdom):
    """A company: same day, the 9 days before, then the pool. Its period is taken to be the financial year."""

    code, name = "UK_COMPANY", "United Kingdom (company)"
    methods = (Method.SECTION_104_COMPANY,)
    buy_back_days = (9, 0)
    buy_back_rule = "what was bought within the 9 days before is matched with the sale instead of the pool (s107)"
    year_starts = (4, 1)

    def allowance(self, year: int) -> int:
        """Companies have none."""
        del year
        return 0

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return chargeable gains; losses are carried against later ones (TCGA 1992 s2A)."""
        before = scaled(carried.get("losses", Decimal(0)))
        used = min(before, max(0, gains.net_e18))
        figures = [
            *usual_figures(gains),
            figure("losses_used", "Losses of earlier periods used", used),
            figure("taxable_gain", "Chargeable gain", max(0, gains.net_e18) - used),
        ]
        return self.result(year, gains, figures, {"losses": before - used + max(0, -gains.net_e18)})


JURISDICTIONS = (UnitedKingdom(), UnitedKingdomCompany())
