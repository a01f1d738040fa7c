"""Decoded events get what needs more than their own log: symbols, amounts, worth, and whether a pool is trusted."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN, Event, LiquidityChange, PoolSwap, TokenTransfer
from backend.chain.follow.ports import Valuation
from backend.chain.registry import Currency
from backend.chain.tokens import Token
from backend.core.money import token_amount, value_usd

UNVERIFIED = "unverified"
MOST_USD = Decimal(10) ** 13


def enrich(
    events: list[Event],
    currency: Currency,
    token_of: Callable[[str], Token | None],
    value_of: Callable[[str], Valuation | None],
    is_verified_pool: Callable[[str], bool],
) -> list[Event]:
    """Return the events with what is known filled in; what is unknown stays None."""
    enriched: list[Event] = []
    for event in events:
        if isinstance(event, TokenTransfer):
            enriched.append(_transfer(event, currency, token_of, value_of))
        elif isinstance(event, (PoolSwap, LiquidityChange)) and not is_verified_pool(event.pool):
            enriched.append(replace(event, protocol=UNVERIFIED))
        else:
            enriched.append(event)
    return enriched


def _transfer(
    event: TokenTransfer,
    currency: Currency,
    token_of: Callable[[str], Token | None],
    value_of: Callable[[str], Valuation | None],
) -> TokenTransfer:
    if event.token == NATIVE_TOKEN:
        symbol, decimals = currency.symbol, currency.decimals
    else:
        token = token_of(event.token)
        symbol, decimals = (token.symbol, token.decimals) if token else (None, None)
    if decimals is None:
        return replace(event, symbol=symbol)
    amount = token_amount(event.amount_raw, decimals)
    price = value_of(event.token)
    return replace(
        event,
        symbol=symbol,
        amount=amount,
        value_usd=_believable(amount, price.price_usd) if price else None,
        price_source=price.source if price else None,
    )


def _believable(amount: Decimal, price_usd: Decimal) -> Decimal | None:
    """Return amount times price, None when no such sum exists: a token's contract can log any amount it likes."""
    if amount and amount.adjusted() + price_usd.adjusted() > MOST_USD.adjusted() + 1:
        return None
    worth = value_usd(amount, price_usd)
    return worth if worth <= MOST_USD else None
