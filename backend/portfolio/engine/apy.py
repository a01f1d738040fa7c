"""Annual percentage yield: a year's growth with what is earned earning too, in percent.

From a growth G over d days: APY = 100 x (G^(365 / d) - 1). From a nominal rate a (percent a year) that is added n
times a year: APY = 100 x ((1 + a / 100 / n)^n - 1). Source: US Regulation DD, appendix A (APY); Aave V3 pays by the
second, n = 31,536,000 (its documentation, "APY calculation").
"""

from decimal import Decimal, localcontext

from backend.portfolio.engine.exact import EXACT, HUNDRED, USD_QUANTUM

SECONDS_A_YEAR = 365 * 86_400
_DIGITS = 60


def apy_from_growth(start: Decimal, end: Decimal, seconds: Decimal | int) -> Decimal | None:
    """Return the APY in percent of an index (a share price, a rate index) that grew from `start` to `end`.

    None when the time or the start is not above zero, or the end is negative.
    """
    if seconds <= 0 or start <= 0 or end < 0:
        return None
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        return _pct((end / start) ** (Decimal(SECONDS_A_YEAR) / Decimal(seconds)))


def apy_from_apr(apr_pct: Decimal, times_a_year: int) -> Decimal:
    """Return the APY in percent of a nominal rate in percent a year. Raises ValueError for no times a year."""
    if times_a_year < 1:
        raise ValueError("interest is added at least once a year")
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        return _pct((1 + apr_pct / HUNDRED / times_a_year) ** times_a_year)


def _pct(growth: Decimal) -> Decimal:
    return (HUNDRED * (growth - 1)).quantize(USD_QUANTUM)
