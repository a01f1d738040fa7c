"""What is given is worth what comes for it: unknown sides of a trade, and sums shared over what they are for. Pure.

IRS Publication 544: what is received is worth what was given for it; HMRC CRYPTO22100: sums are shared out by a just
and reasonable way, here by what the parts are worth.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from backend.tax.assembling.items import Amount, share_of
from backend.tax.engine.money import EXACT


def total(side: Iterable[Amount]) -> Decimal | None:
    """Return what amounts are worth together, None when one is unknown or there are none."""
    found: Decimal | None = None
    for amount in side:
        if amount.value is None:
            return None
        found = amount.value if found is None else EXACT.add(found, amount.value)
    return found


def fill(side: Sequence[Amount], other: Decimal | None) -> None:
    """Give the one amount of unknown worth on a side what the other side was worth less the rest of its own."""
    unknown = [amount for amount in side if amount.value is None]
    if len(unknown) != 1 or other is None:
        return
    rest = other
    for amount in side:
        if amount.value is not None:
            rest = EXACT.subtract(rest, amount.value)
    if rest >= 0:
        unknown[0].value = rest


def balance(went: Sequence[Amount], came: Sequence[Amount]) -> None:
    """Give an unknown side of an exchange the worth of the known one."""
    fill(came, total(went))
    fill(went, total(came))


def spread(side: Sequence[Amount], whole: Decimal | None) -> None:
    """Share a sum of money over what it was paid for, by worth; what the user says an amount was worth stays."""
    if whole is None:
        return
    if len(side) == 1:
        if not side[0].is_told:
            side[0].value = whole
        return
    open_ = [amount for amount in side if not amount.is_told]
    for amount in side:
        if amount.is_told and amount.value is not None:
            whole = EXACT.subtract(whole, amount.value)
    known = total(open_)
    if whole < 0 or not open_:
        return
    if known is None:
        fill(open_, whole)
    elif known > 0:
        rest = whole
        for amount in open_[:-1]:
            amount.value = _share(whole, amount.value or Decimal(0), known)
            rest = EXACT.subtract(rest, amount.value)
        open_[-1].value = rest


def _share(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    return EXACT.quantize(EXACT.divide(EXACT.multiply(whole, part), of), Decimal("1e-18"))


def netted(went: Sequence[Amount], came: Sequence[Amount]) -> tuple[list[Amount], list[Amount]]:
    """Return both sides with one amount an asset: change that came back was not bought."""
    both = [amount.asset for amount in went] + [amount.asset for amount in came]
    if len(set(both)) == len(both):
        return list(went), list(came)
    sums: dict[str, int] = {}
    largest: dict[str, Amount] = {}
    for amount, sign in [(each, -1) for each in went] + [(each, 1) for each in came]:
        sums[amount.asset] = sums.get(amount.asset, 0) + sign * amount.raw
        best = largest.get(amount.asset)
        if best is None or (best.value is None, -best.raw) > (amount.value is None, -amount.raw):
            largest[amount.asset] = amount
    left: list[Amount] = []
    right: list[Amount] = []
    for asset, raw in sums.items():
        if raw:
            model = largest[asset]
            value = None if model.value is None else share_of(model.value, abs(raw), model.raw)
            made = Amount(asset, abs(raw), value, model.place, model.role, model.counterparty, model.is_told)
            (right if raw > 0 else left).append(made)
    return left, right
