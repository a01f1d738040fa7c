"""A row of added liquidity as what it lost against holding, pure."""

from decimal import Decimal, localcontext
from typing import Any

from backend.chain.registry import chain_name
from backend.portfolio.engine.entered_liquidity import Entry, amounts_at, liquidity_of, loss
from backend.portfolio.engine.exact import EXACT
from backend.portfolio.liquidity.schemas import LiquidityRead, PoolToken

_PCT, _USD = Decimal("0.0001"), Decimal("0.000001")
_AMOUNT = 24


def liquidity_read(row: Any) -> LiquidityRead:
    """Return what was added, what it holds by the newest price of its pool, and what that lost; unknown without one."""
    entry = Entry(row.entry_price, row.lower_price, row.upper_price)
    amounts = _amounts(entry, row.amount0, row.amount1)
    read = LiquidityRead(
        id=row.id,
        label=row.label,
        chain_id=row.chain_id,
        chain=chain_name(row.chain_id),
        pool=row.pool,
        version=row.version,
        is_known_factory=row.is_known_factory,
        fee_ppm=row.fee_ppm,
        token0=_token(row, 0),
        token1=_token(row, 1),
        entry_at=row.entry_at,
        entry_price=row.entry_price,
        lower_price=row.lower_price,
        upper_price=row.upper_price,
        amount0=_shown(amounts[0]) if amounts else None,
        amount1=_shown(amounts[1]) if amounts else None,
        price_now=row.price_now,
        is_in_range=None,
        il_pct=None,
        hold_usd=None,
        position_usd=None,
        il_usd=None,
        block_number=row.block_number,
        block_hash=row.block_hash,
        read_at=row.read_at,
        problem=row.problem,
    )
    if row.price_now is None:
        return read
    if entry.lower is not None and entry.upper is not None:
        read.is_in_range = entry.lower <= row.price_now < entry.upper
    fraction = loss(entry, row.price_now)
    with localcontext(EXACT):
        read.il_pct = (fraction * 100).quantize(_PCT)
        if amounts is None:
            return read
        worth = _worth(amounts, row)
        if worth is None:
            read.problem = read.problem or "A price of one of its tokens is not known."
            return read
        read.hold_usd = worth.quantize(_USD)
        read.il_usd = (fraction * worth).quantize(_USD)
        read.position_usd = read.hold_usd + read.il_usd
    return read


def _amounts(entry: Entry, amount0: Decimal | None, amount1: Decimal | None) -> tuple[Decimal, Decimal] | None:
    """Return what was put in of both tokens, None when that was not said."""
    if amount0 is None and amount1 is None:
        return None
    return amounts_at(entry, entry.price, liquidity_of(entry, amount0, amount1))


def _worth(amounts: tuple[Decimal, Decimal], row: Any) -> Decimal | None:
    worth = Decimal(0)
    for amount, price in zip(amounts, (row.price0_usd, row.price1_usd), strict=True):
        if amount > 0 and price is None:
            return None
        worth += amount * (price or Decimal(0))
    return worth


def _shown(amount: Decimal) -> Decimal:
    with localcontext(EXACT) as context:
        context.prec = _AMOUNT
        return +amount


def _token(row: Any, place: int) -> PoolToken:
    return PoolToken(
        address=getattr(row, f"token{place}"),
        symbol=getattr(row, f"symbol{place}"),
        decimals=getattr(row, f"decimals{place}"),
        price_usd=getattr(row, f"price{place}_usd"),
        price_source=getattr(row, f"price{place}_source"),
    )
