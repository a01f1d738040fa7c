"""The United States, federal.

Sources: IRS Notice 2014-21 and the FAQ on digital assets (property; basis with fees; income at its worth); 26 U.S.C.
1222 and Rev. Rul. 66-7 (long: more than a year, from the day after); Treas. Reg. 1.1012-1(j) and Rev. Proc. 2024-28
(lots per wallet or account from 1 January 2025, first in first out unless units are identified, opening allocation);
Treas. Reg. 1.1001-7(b) and 1.1012-1(h) (from 2025 all costs of an exchange of assets belong to what was disposed of;
before, half each was allowed); 26 U.S.C. 1211(b), 1212(b) (3,000 of loss a year, the rest carried); 1015(a) (gifts keep
the giver's basis, for a loss no more than their worth when given); 1091 (wash sales: for stock and securities, here an
option); Form 8949 instructions for its boxes.
"""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from backend.tax.engine.calendar import held_over_a_year
from backend.tax.engine.jurisdictions.base import (
    Jurisdiction,
    Term,
    YearGains,
    YearResult,
    figure,
    usual_figures,
)
from backend.tax.engine.methods import Method
from backend.tax.engine.money import money, scaled
from backend.tax.engine.results import Disposal, Part

PER_WALLET_FROM = date(2025, 1, 1)
LOSS_LIMIT = scaled(Decimal(3000))
SEPARATE_LIMIT = scaled(Decimal(1500))
_NOTES = (
    "NFTs that are collectibles are taxed at 28 % when held for long (Notice 2023-27): not decided here.",
    "The net investment income tax of 3.8 % (section 1411: from 200,000 of income, 250,000 jointly, 125,000 apart) is"
    " not computed here.",
)
_SEPARATE = "Filed separately, being married: at most 1,500 of a loss counts (section 1211(b))."
_POOL = "units are identified, or go first in first out (Treas. Reg. 1.1012-1(j)); averages are for funds only"


class UnitedStates(Jurisdiction):
    """Short and long term, lots per wallet from 2025, losses carried by term."""

    code, name, currency = "US", "United States", "USD"
    headline = "net_capital_gain"
    methods = (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC)
    refusals = {Method.AVERAGE: _POOL, Method.TOTAL_AVERAGE: _POOL}
    per_wallet_from = PER_WALLET_FROM
    wash_sale_option = True
    buy_back_days = (30, 30)
    buy_back_rule = "a wash sale, if the option is on: the loss goes onto the basis of what is bought (section 1091)"
    gift_keeps_basis = True
    gift_has_two_bases = True
    separate_option = True

    def __init__(self, separate_years: Collection[int] = ()) -> None:
        self._separate_years = frozenset(separate_years)

    def filed(self, separate_years: Collection[int]) -> "UnitedStates":
        """Return the same rules for somebody who files separately of these tax years, being married."""
        return UnitedStates(separate_years) if separate_years else self

    def loss_limit(self, year: int) -> int:
        """Return how much of a loss counts against other income, in units of 10^-18 (section 1211(b))."""
        return SEPARATE_LIMIT if year in self._separate_years else LOSS_LIMIT

    def sold_leg_share(self, day: date) -> tuple[int, int]:
        """All costs of a swap on what was sold from 2025, half before."""
        return (1, 1) if day >= PER_WALLET_FROM else (1, 2)

    def term(self, part: Part, disposed: date) -> Term | None:
        """Return long for what was held more than a year."""
        if part.lot is None or part.cost_e18 is None:
            return None
        return Term.LONG if held_over_a_year(part.lot.day, disposed) else Term.SHORT

    def box(self, term: Term, year: int, *, reported: bool = False, basis_reported: bool = False) -> str:
        """Return the box of Form 8949: digital assets have G to L from 2025. `reported`: on Form 1099-DA (1099-B)."""
        boxes = ("GHI" if year >= 2025 else "ABC") if term is Term.SHORT else ("JKL" if year >= 2025 else "DEF")
        if not reported:
            return boxes[2]
        return boxes[0] if basis_reported else boxes[1]

    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return short and long gains, what of a loss counts against other income, and what is carried (1212(b))."""
        short_gain, long_gain = gains.own(Term.SHORT), gains.own(Term.LONG)
        short = short_gain - scaled(carried.get("short_term", Decimal(0)))
        long = long_gain - scaled(carried.get("long_term", Decimal(0)))
        limit = self.loss_limit(year)
        deducted = min(limit, max(0, -(short + long)))
        left_short, left_long = _carried(short, long, deducted)
        figures = [
            *usual_figures(gains),
            figure("short_term_gain", "Short-term gain or loss", short_gain),
            figure("long_term_gain", "Long-term gain or loss", long_gain),
            figure("net_short_term", "Short-term after losses carried into the year", short),
            figure("net_long_term", "Long-term after losses carried into the year", long),
            figure("net_capital_gain", "Net capital gain or loss", short + long),
            figure("loss_deducted", f"Loss that counts against other income (at most {money(limit):,.0f})", deducted),
            figure("disallowed_losses", "Losses disallowed by the wash sale option", gains.disallowed_e18),
        ]
        left = {"short_term": left_short, "long_term": left_long}
        note = _SEPARATE if limit == SEPARATE_LIMIT else _apart(deducted)
        return self.result(year, gains, figures, left, note, *_NOTES)

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Sum what counts by term."""
        for part in disposal.parts:
            term, gain = self.term(part, disposal.day), part.allowed_e18
            if term is not None and gain is not None:
                total.add_own(term, gain)


def _apart(deducted: int) -> str:
    """Return what section 1211(b) says of married persons who file separately, with the amount where it differs."""
    rest = deducted - LOSS_LIMIT // 2
    here = f": here {money(LOSS_LIMIT // 2):,.2f}, and {money(rest):,.2f} more is carried" if rest > 0 else ""
    return f"Married persons who file separately deduct at most 1,500 of a loss (section 1211(b)){here}."


def _carried(short: int, long: int, deducted: int) -> tuple[int, int]:
    """Schedule D, capital loss carryover worksheet: what was deducted uses up the short-term loss first."""
    if short < 0 and long < 0:
        return max(0, -short - deducted), max(0, -long - max(0, deducted + short))
    if short < 0:
        return max(0, -short - long - deducted), 0
    return 0, max(0, -long - short - deducted)


JURISDICTIONS = (UnitedStates(),)
