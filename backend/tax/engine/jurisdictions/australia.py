"""Australia: individuals who invest.

Sources: ITAA 1997 s104-10 (disposals, swaps too), s110-25 (cost base with fees), Division 115 (discount of half for
what was held for at least 12 months, days of acquisition and event not counted: s115-25), s102-5 (losses first, in the
order the taxpayer likes, then the discount), s102-15 (losses carried); ATO, "Crypto asset investments": units are
identified by records, or go first in first out. Gifts and donations are at market value (s116-30). What comes of a
chain split is neither income nor a gain then, and cost nothing (ATO, "Crypto chain splits").
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from backend.tax.engine.calendar import held_over_a_year
from backend.tax.engine.events import IncomeKind
from backend.tax.engine.jurisdictions.base import Jurisdiction, Term, YearGains, YearResult, figure, usual_figures
from backend.tax.engine.methods import Method
from backend.tax.engine.money import scaled
from backend.tax.engine.results import Disposal, Part

_AVERAGE = "each unit is an asset of its own: average cost is not known to the law (ATO, Crypto asset investments)"


class Australia(Jurisdiction):
    """Half is taxed of what was held for 12 months."""

    code, name, currency, timezone = "AU", "Australia", "AUD", "Australia/Sydney"
    headline = "net_capital_gain"
    methods = (Method.FIFO, Method.SPECIFIC, Method.LIFO, Method.HIFO, Method.LOFO)
    refusals = {Method.AVERAGE: _AVERAGE, Method.TOTAL_AVERAGE: _AVERAGE}
    year_starts = (7, 1)
    no_income = frozenset({IncomeKind.FORK})
    untaxed = frozenset()  # gifts and donations are disposals at market value, what is lost one for nothing

    def label(self, year: int) -> str:
        """Return the income year, 2024-25 for instance."""
        return f"{year}-{(year + 1) % 100:02d}"

    def term(self, part: Part, disposed: date) -> Term | None:
        """Return long for what the discount is for."""
        if part.lot is None or part.cost_e18 is None:
            return None
        return Term.LONG if held_over_a_year(part.lot.day, disposed) else Term.SHORT

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Sum gains with and without the discount, and losses, part by part."""
        for part in disposal.parts:
            gain = part.gain_e18
            if gain is None:
                continue
            if gain < 0:
                total.add_own("losses", -gain)
            else:
                total.add_own(self.term(part, disposal.day) or Term.SHORT, gain)

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return the net capital gain: losses against gains without the discount first, then the discount."""
        plain, discounted, losses = gains.own(Term.SHORT), gains.own(Term.LONG), gains.own("losses")
        before = scaled(carried.get("losses", Decimal(0)))
        left = losses + before
        on_plain = min(left, plain)
        on_discounted = min(left - on_plain, discounted)
        discount = (discounted - on_discounted) // 2
        figures = [
            *usual_figures(gains),
            figure("gains_without_discount", "Gains held for less than 12 months", plain),
            figure("gains_with_discount", "Gains held for at least 12 months", discounted),
            figure("capital_losses", "Losses of the year", losses),
            figure("losses_used", "Losses used, those of earlier years included", on_plain + on_discounted),
            figure("discount", "Discount of half", discount),
            figure("net_capital_gain", "Net capital gain", plain + discounted - on_plain - on_discounted - discount),
        ]
        return self.result(year, gains, figures, {"losses": left - on_plain - on_discounted})


JURISDICTIONS = (Australia(),)
