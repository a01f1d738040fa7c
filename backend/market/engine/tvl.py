"""What a protocol holds: its worth, and its change in token terms. Pure.

The change is (sum of amount now x price then) / (sum of amount then x price then) less one, over the tokens that had a
price then: when only prices move it is zero, when a tenth of everything is taken out it is minus 10 %.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext

from backend.core.money import engine_decimal
from backend.market.engine.pools import WIDE

Holdings = Mapping[str, tuple[Decimal, Decimal]]
"""Amount in whole tokens and price in US dollars, by token."""


def protocol_id(name: str) -> str:
    """Return a protocol's id from its name: `Uniswap V3` is `uniswap-v3`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def add_up(parts: Iterable[tuple[str, Decimal, Decimal]]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return holdings from (token, amount, price) of each pool side."""
    total: dict[str, tuple[Decimal, Decimal]] = {}
    with localcontext(WIDE):
        for token, amount, price in parts:
            held = total.get(token)
            total[token] = (amount if held is None else held[0] + amount, price)
    return total


def worth_usd(holdings: Holdings) -> Decimal:
    """Return Σ amount · price (100 digits)."""
    with localcontext(WIDE):
        return sum((amount * price for amount, price in holdings.values()), Decimal(0))


def change_percent_in_tokens(then: Holdings, now: Holdings) -> Decimal | None:
    """Return the change in percent at the prices of then, None when nothing of worth was held then."""
    with localcontext(WIDE):
        before = sum((amount * price for amount, price in then.values()), Decimal(0))
        if before <= 0:
            return None
        after = sum((now[token][0] * price for token, (_, price) in then.items() if token in now), Decimal(0))
        return engine_decimal((after / before - 1) * 100)
