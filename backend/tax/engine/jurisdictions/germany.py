"""Germany: private sales.

Sources: section 23(1) no. 2 EStG (one year), sections 187(1), 188(2) and (3) BGB (how a year is counted), the finance
ministry's letters of 10 May 2022 and 6 March 2025 (wallet by wallet; units that are not identified go first in first
out); section 23(3) EStG: gains of a year below 600 euros (1,000 from 2024) are free, all of them or none (sentence 5),
losses count only against gains of this kind and are carried (sentences 7, 8); section 22 no. 3 EStG: other income
below 256 euros is free. Gifts go on with the giver's basis and date (section 23(1) sentence 3). A hard fork is no
income (letter of 2022, no. 66 to 68): a share of the cost and the date of the original go along; which units those are
is not known here, so that the cost stays with the original and the year counts from the fork.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from backend.tax.engine.calendar import anniversary
from backend.tax.engine.events import IncomeKind
from backend.tax.engine.jurisdictions.base import Jurisdiction, Term, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled
from backend.tax.engine.results import Disposal, Part

OTHER_INCOME_LIMIT = scaled(Decimal(256))
_NOT_HERE = "units are identified, or go first in first out in each wallet (finance ministry, 10 May 2022)"


class Germany(Jurisdiction):
    """One year by the calendar; free after it."""

    code, name, currency, timezone = "DE", "Germany", "EUR", "Europe/Berlin"
    methods = (Method.FIFO, Method.SPECIFIC)
    why_not = _NOT_HERE
    per_wallet_from = date.min
    gift_keeps_basis = True
    no_income = frozenset({IncomeKind.FORK})

    def limit(self, year: int) -> int:
        """Return the limit of section 23 in euros, below which all gains of a year are free."""
        return 1000 if year >= 2024 else 600

    def term(self, part: Part, disposed: date) -> Term | None:
        """Return long, which is free, for what was disposed of after the day a year after it was acquired."""
        if part.lot is None:
            return None
        return Term.LONG if disposed > anniversary(part.lot.day) else Term.SHORT

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Sum what is taxed, and what is free."""
        for part in disposal.parts:
            if part.gain_e18 is not None:
                total.add_own(self.term(part, disposal.day) or Term.SHORT, part.gain_e18)

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return taxable and free gains, the limits, and losses carried."""
        taxable, free = gains.own(Term.SHORT), gains.own(Term.LONG)
        limit, before = scaled(Decimal(self.limit(year))), scaled(carried.get("losses", Decimal(0)))
        is_below = 0 < taxable < limit
        counted = 0 if is_below else max(0, taxable)
        used = min(before, counted)
        wages = sum(income.value_e18 or 0 for income in gains.incomes if income.kind is IncomeKind.WAGES)
        other = gains.income_e18 - wages
        figures = [
            *usual_figures(gains),
            figure("gain_within_year", "Gains less losses of what was held a year or less", taxable),
            figure("gain_free", "Gains less losses of what was held longer: free", free),
            figure("limit", "Limit of section 23: below it nothing is taxed", limit),
            figure("losses_used", "Losses of earlier years used", used),
            figure("taxable_gain", "Taxable gain", counted - used),
            figure("other_income", "Other income (section 22 no. 3)", other),
            figure(
                "taxable_other_income", "Of it taxable: none below 256", other if other >= OTHER_INCOME_LIMIT else 0
            ),
            figure("wages", "Wages", wages),
        ]
        note = "Losses may also be carried back a year on request: not done here."
        return self.result(year, gains, figures, {"losses": before - used + max(0, -taxable)}, note)


JURISDICTIONS = (Germany(),)
