"""What a dollar is in other currencies on a given day, by the European Central Bank's reference rates.

Rates are of business days, published about 16:00 Central European Time. **Weekends and holidays have the rate of the
last business day before them**, and so has the running day until its own is published: `as_of` says which day's it is.
Both legs of a cross rate are of the same day. A day without any rate in the week before it is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.errors import InvalidInputError
from backend.core.money import engine_decimal
from backend.market.engine.pools import WIDE
from backend.market.fiat import repository

USD, EUR = "USD", "EUR"
CURRENCIES = ("USD", "EUR", "GBP", "CAD", "AUD", "JPY", "CHF")
MOST_DAYS_BACK = 7


@dataclass(frozen=True, slots=True)
class FiatRate:
    """How many units of a currency one dollar buys, to 15 significant digits; `as_of` is the business day it is of."""

    currency: str
    day: date
    as_of: date
    per_usd: Decimal
    source: str

    def of_usd(self, amount_usd: Decimal) -> Decimal:
        """Return an amount of dollars in the currency, to 18 decimal places."""
        with localcontext(WIDE):
            return (amount_usd * self.per_usd).quantize(Decimal("1e-18"))


@dataclass(frozen=True, slots=True)
class EuroRate:
    """How many units of a currency one euro buys, as published; `as_of` is the business day it is of."""

    as_of: date
    per_eur: Decimal


async def euro_rates(session: AsyncSession, currency: str, days: Sequence[date]) -> dict[date, EuroRate]:
    """Return what a euro is in a currency on each day that has a rate, unrounded; a day that is missing is unknown.

    Two currencies cross exactly where their rates are of the same business day. Raises InvalidInputError as
    `fiat_rates` does.
    """
    rows = await repository.cross_rates(session, _code(currency), sorted(set(days)), MOST_DAYS_BACK)
    return {row.asked_day: EuroRate(row.day, row.per_eur) for row in rows}


async def fiat_rates(session: AsyncSession, currency: str, days: Sequence[date]) -> dict[date, FiatRate]:
    """Return the rate of each day that has one; a day that is missing is unknown.

    Raises InvalidInputError for a currency that we have no rates of.
    """
    code = _code(currency)
    wanted = sorted(set(days))
    if code == USD:
        return {day: FiatRate(USD, day, day, Decimal(1), "a dollar is a dollar") for day in wanted}
    rows = await repository.cross_rates(session, code, wanted, MOST_DAYS_BACK)
    rates = {}
    for row in rows:
        with localcontext(WIDE):
            per_usd = engine_decimal(row.per_eur / row.usd_per_eur)
        rates[row.asked_day] = FiatRate(code, row.asked_day, row.day, per_usd, row.source)
    return rates


async def fiat_rate(session: AsyncSession, currency: str, at: datetime | date) -> FiatRate | None:
    """Return the rate of a day (of a moment: its day in UTC), None when it is unknown. Raises InvalidInputError."""
    day = at.astimezone(UTC).date() if isinstance(at, datetime) else at
    return (await fiat_rates(session, currency, [day])).get(day)


def _code(currency: str) -> str:
    code = currency.strip().upper()
    if code not in CURRENCIES:
        raise InvalidInputError(
            f"There are no rates for {currency!r}.", {"currency": f"one of {', '.join(CURRENCIES)}"}
        )
    return code
