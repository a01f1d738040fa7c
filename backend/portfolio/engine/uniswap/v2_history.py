"""A V2 position's past: what was put in and taken out as principal, and what of it was fees. Pure.

LP tokens say how much of the liquidity that was put in a withdrawal takes along; what was paid beyond that liquidity
is fees (`v2_position.split_fees`). Source: v2 whitepaper §3.4.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from backend.portfolio.engine.uniswap.v2_position import liquidity_x64, split_fees

Amounts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """An addition (positive LP tokens) or a withdrawal (negative), with the units of both tokens that went or came."""

    lp_raw: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class V2Past:
    """Liquidity that is still in (2^64 ths of a unit) with its LP tokens, and what withdrawals paid."""

    put_in_x64: int = 0
    lp_raw: int = 0
    principal_out: tuple[Amounts, ...] = ()
    fees_out: tuple[Amounts, ...] = ()


def past_of(steps: Iterable[Step]) -> V2Past | None:
    """Return what the steps, in order, came to; None when more LP tokens were taken out than had been put in."""
    past = V2Past()
    for step in steps:
        if step.lp_raw >= 0:
            put_in = past.put_in_x64 + liquidity_x64(step.amounts)
            past = replace(past, put_in_x64=put_in, lp_raw=past.lp_raw + step.lp_raw)
            continue
        if -step.lp_raw > past.lp_raw:
            return None
        taken_x64 = past.put_in_x64 * -step.lp_raw // past.lp_raw
        principal, fees = split_fees(taken_x64, step.amounts)
        past = V2Past(
            past.put_in_x64 - taken_x64,
            past.lp_raw + step.lp_raw,
            (*past.principal_out, principal),
            (*past.fees_out, fees),
        )
    return past
