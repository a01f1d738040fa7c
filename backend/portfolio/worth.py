"""What an amount is worth: pure, and exact to the last digit."""

from decimal import Context, Decimal

_EXACT = Context(prec=200)  # 78 digits of an amount times those of a price


def value_of(amount_raw: int | None, decimals: int | None, price_usd: Decimal | None) -> Decimal | None:
    """Return amount · 10^-decimals · price, exactly; None when a part of it is unknown."""
    if amount_raw is None or decimals is None or price_usd is None:
        return None
    return _EXACT.multiply(_EXACT.scaleb(Decimal(amount_raw), -decimals), price_usd)
