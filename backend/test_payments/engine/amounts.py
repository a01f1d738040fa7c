"""Money in integer cents: prorations by the second, and what a total does to the customer's credit balance."""

from dataclasses import dataclass
from fractions import Fraction

SMALLEST_CHARGE = 50
"""Stripe charges no less than 50 US cents; what is below waits on the customer's balance."""


def round_half_away(value: Fraction) -> int:
    """Return the nearest integer; halves go away from zero, so that a credit mirrors its debit."""
    doubled = abs(value) * 2
    whole = (doubled.numerator // doubled.denominator + 1) // 2
    return whole if value >= 0 else -whole


def prorated(amount: int, at: int, start: int, end: int) -> int:
    """Return the share of `amount` (cents for the period from `start` to `end`) that belongs to the time from `at` on.

    Times before or after the period count as its edges. Raises ValueError when the period has no length.
    """
    if end <= start:
        raise ValueError("a period ends after it starts")
    rest = end - min(max(at, start), end)
    return round_half_away(Fraction(amount * rest, end - start))


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of price in the middle of a period comes to: a credit (<= 0) and a debit (>= 0), in cents."""

    credit: int
    debit: int

    @property
    def total(self) -> int:
        """The sum of both; below zero the customer gets it as credit."""
        return self.credit + self.debit


def change_of_price(old: int, new: int, at: int, start: int, end: int) -> Change:
    """Return credit for the unused time at the old price and debit for the remaining time at the new one."""
    return Change(-prorated(old, at, start, end), prorated(new, at, start, end))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an invoice takes from the card, and the customer's balance afterwards (below zero: we owe them)."""

    amount_due: int
    ending_balance: int


def settle(total: int, starting_balance: int) -> Settlement:
    """Return what is due for an invoice of `total` cents when the customer's balance is `starting_balance`.

    Credit is used first; a negative total becomes credit; less than the smallest charge waits for the next invoice.
    Always: total + starting_balance == amount_due + ending_balance.
    """
    owed = total + starting_balance
    if owed >= SMALLEST_CHARGE:
        return Settlement(owed, 0)
    return Settlement(0, owed)
