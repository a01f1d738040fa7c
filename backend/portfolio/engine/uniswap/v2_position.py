"""A V2 position: what burning LP tokens would pay, and how much of that is fees, to the unit.

amount_i = floor(LP tokens x balance_i / total supply). Liquidity, the root of the product of the amounts, grows by
fees alone: at today's price the liquidity put in holds amount x (liquidity put in / liquidity now), and the rest was
earned. Source: Uniswap v2-core 1.0.1, UniswapV2Pair.burn and _mintFee; whitepaper §2.4 and §3.4.
"""

from dataclasses import dataclass
from math import isqrt


@dataclass(frozen=True, slots=True)
class V2Pool:
    """A pair as of one block, in smallest units: reserves, balances (what burning shares out) and LP tokens.

    `k_last` is the pair's kLast while the factory's protocol fee is on, else 0.
    """

    reserve0: int
    reserve1: int
    balance0: int
    balance1: int
    total_supply: int
    k_last: int = 0


def burn_amounts(pool: V2Pool, lp_raw: int) -> tuple[int, int]:
    """Return the units of token0 and token1 that burning `lp_raw` LP tokens pays.

    With the protocol's fee on its share is minted first, as the contract does. Raises ValueError when there are not
    so many LP tokens.
    """
    if not 0 <= lp_raw <= pool.total_supply:
        raise ValueError("there are not so many LP tokens")
    if lp_raw == 0:
        return 0, 0
    supply = pool.total_supply + _protocol_share(pool)
    return lp_raw * pool.balance0 // supply, lp_raw * pool.balance1 // supply


def _protocol_share(pool: V2Pool) -> int:
    """Return the LP tokens that a sixth of the growth of the root is worth (whitepaper, equation 6)."""
    root, root_last = isqrt(pool.reserve0 * pool.reserve1), isqrt(pool.k_last)
    if root_last == 0 or root <= root_last:
        return 0
    return pool.total_supply * (root - root_last) // (root * 5 + root_last)


def liquidity_x64(amounts: tuple[int, int]) -> int:
    """Return sqrt(amount0 x amount1) in 2^64 ths of a unit, rounded down; it adds up over deposits."""
    return isqrt(amounts[0] * amounts[1] << 128)


def split_fees(put_in_x64: int, amounts: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (principal, fees) of what a position pays now, given the liquidity that was put in (`liquidity_x64`).

    Principal is rounded down. Fees are never negative: where liquidity fell (a rebasing token took units away), all is
    principal.
    """
    now_x64 = liquidity_x64(amounts)
    if now_x64 <= put_in_x64:
        return amounts, (0, 0)
    principal0, principal1 = (amount * put_in_x64 // now_x64 for amount in amounts)
    return (principal0, principal1), (amounts[0] - principal0, amounts[1] - principal1)
