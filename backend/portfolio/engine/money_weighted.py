"""Money-weighted return: the yearly rate at which everything paid in grew to what was paid out and is there now (XIRR).

The rate r with sum of f_i / (1 + r)^(t_i) = 0, f_i the flows seen by the owner (paid in negative, paid out and the
value at the end positive), t_i years of 365 days since the first flow. A fraction a year, r > -1. Source: Excel's
XIRR; CFA Institute, "money-weighted rate of return".

With x = ln(1 + r) the sum is an exponential polynomial, which has at most as many roots as its coefficients, in the
order of time, change sign (Laguerre). No change: no rate. One change: one rate. More: there can be several, or
none; they are looked for on a fine grid, and several are all said, because none of them is "the" rate.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import numpy as np

from backend.portfolio.engine.exact import add_up

SECONDS_A_YEAR = 365 * 86_400
# From losing all but 1e-9 in a year to growing a billion times.
_LOWEST, _HIGHEST = math.log(1e-9), math.log(1e9)
_GRID = 2_001
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that the owner paid in (negative) or got out (positive), in US dollars."""

    at: datetime
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class MoneyWeighted:
    """The rate as a fraction a year and over the whole time; None when there is no single one, `problem` says why."""

    annual: float | None
    whole: float | None
    problem: str | None = None
    candidates: tuple[float, ...] = ()


def money_weighted(flows: Iterable[Flow]) -> MoneyWeighted:
    """Return the internal rate of return of dated flows, in any order."""
    years, amounts = _merged(flows)
    signs = [math.copysign(1, amount) for amount in amounts]
    changes = sum(one != other for one, other in pairwise(signs))
    if changes == 0:
        return MoneyWeighted(None, None, "money was only paid in, or only paid out" if amounts else "no money moved")
    roots = _roots(_worth(years, amounts), changes)
    span = years[-1] - years[0]
    if len(roots) == 1:
        annual = _grown(roots[0])
        problem = "the rate a year is too large to write down" if annual is None else None
        return MoneyWeighted(annual, _grown(roots[0] * span), problem)
    if not roots:
        return MoneyWeighted(None, None, "no rate makes the payments balance")
    return MoneyWeighted(None, None, "several rates make the payments balance", tuple(map(math.expm1, roots)))


def _merged(flows: Iterable[Flow]) -> tuple[list[float], list[float]]:
    """Return years since the first flow and amounts, one a time, without zeros."""
    by_time: dict[datetime, list[Decimal]] = {}
    for flow in flows:
        by_time.setdefault(flow.at, []).append(flow.amount_usd)
    sums = sorted((at, add_up(amounts)) for at, amounts in by_time.items())
    moved = [(at, amount) for at, amount in sums if amount != 0]
    first = moved[0][0] if moved else None
    years = [(at - first).total_seconds() / SECONDS_A_YEAR for at, _ in moved if first is not None]
    largest = max((abs(amount) for _, amount in moved), default=Decimal(1))
    return years, [float(amount / largest) for _, amount in moved]


def _worth(years: list[float], amounts: list[float]) -> Callable[[np.ndarray], np.ndarray]:
    """Return the present value by x = ln(1 + r), divided by its largest discount factor so that nothing overflows."""
    times, money = np.array(years), np.array(amounts)

    def worth(x: np.ndarray) -> np.ndarray:
        exponents = -np.outer(x, times)
        exponents -= exponents.max(axis=1, keepdims=True)
        return np.exp(exponents) @ money

    return worth


def _roots(worth: Callable[[np.ndarray], np.ndarray], changes: int) -> list[float]:
    """Return the roots that are found; with one change of sign there is exactly one, however far away."""
    low, high = _LOWEST, _HIGHEST
    if changes == 1:
        while np.sign(worth(np.array([low, high]))).prod() > 0 and high < 1e6:
            low, high = 2 * low, 2 * high
        grid = np.array([low, high])
    else:
        grid = np.linspace(low, high, _GRID)
    values = worth(grid)
    roots = [float(x) for x, value in zip(grid, values, strict=True) if value == 0]
    for place in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0):
        roots.append(_bisected(worth, float(grid[place]), float(grid[place + 1])))
    return sorted(roots)


def _bisected(worth: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> float:
    """Halve until the ends are neighbours: slower than Brent's method, and never astray."""
    sign = np.sign(worth(np.array([low]))[0])
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if np.sign(worth(np.array([middle]))[0]) == sign:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _grown(exponent: float) -> float | None:
    return math.expm1(exponent) if exponent < math.log(1e300) else None
