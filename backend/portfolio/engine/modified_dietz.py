"""Modified Dietz return: what a period made when nobody knows the value at each flow inside it.

R = (end - start - F) / (start + sum of w_i x f_i), with f_i the flows (positive comes in), F their sum, and w_i the
part of the period that was left after the flow. A fraction, over the period. Used for hours with flows inside; linked
over hours it comes near to the time-weighted return. Source: GIPS Handbook (2020) on external cash flows; Bacon,
§2.7.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, localcontext

from backend.portfolio.engine.exact import EXACT
from backend.portfolio.engine.time_weighted import RETURN_DIGITS, Point


def modified_dietz(start: Point, end: Point, flows: Iterable[tuple[datetime, Decimal]]) -> Decimal | None:
    """Return the fraction made from `start` to `end`, whose own flows do not count; None when values do not say.

    Raises ValueError for a flow outside of the period.
    """
    if start.value_usd is None or end.value_usd is None:
        return None
    with localcontext(EXACT) as context:
        context.prec = RETURN_DIGITS
        period = Decimal((end.at - start.at).total_seconds())
        came, invested = Decimal(0), start.value_usd
        for at, flow_usd in flows:
            if not start.at <= at <= end.at:
                raise ValueError("a flow is outside of the period")
            came += flow_usd
            invested += flow_usd * Decimal((end.at - at).total_seconds()) / period
        return (end.value_usd - start.value_usd - came) / invested if invested > 0 else None
