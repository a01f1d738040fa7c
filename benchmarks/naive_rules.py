"""The slow, obvious meaning of alert rules: one `if` after another, in decimals, rule by rule.

Tests compare the engine with it; benchmarks measure against it. It shares no code with the engine but the condition
types and the rounding to 15 significant digits.
"""

from decimal import Decimal

from backend.alerts.engine.conditions import ChangeConditions, Conditions, PriceConditions, WhaleConditions
from backend.chain.events import Event, PriceUpdate, TokenTransfer
from backend.core.money import engine_decimal


def fires(rule: Conditions, event: Event) -> bool:
    """Return whether the rule fires on the event."""
    if isinstance(rule, WhaleConditions):
        return isinstance(event, TokenTransfer) and _whale(rule, event)
    if not isinstance(rule, PriceConditions | ChangeConditions):
        raise TypeError("only rules on transfers and prices are spelled out here")
    if not isinstance(event, PriceUpdate) or (event.chain_id, event.token) != (rule.chain_id, rule.token):
        return False
    return _price(rule, event) if isinstance(rule, PriceConditions) else _change(rule, event)


def _price(rule: PriceConditions, event: PriceUpdate) -> bool:
    if event.previous_price_usd is None:
        return False
    before, now, threshold = (engine_decimal(x) for x in (event.previous_price_usd, event.price_usd, rule.threshold))
    if rule.test == "gt":
        return before <= threshold < now
    if rule.test == "gte":
        return before < threshold <= now
    if rule.test == "lt":
        return before >= threshold > now
    return before > threshold >= now


def _change(rule: ChangeConditions, event: PriceUpdate) -> bool:
    if rule.window_seconds not in event.changes:
        return False
    before, now = event.changes[rule.window_seconds]
    return not (before is not None and _over(rule, before)) and _over(rule, now)


def _over(rule: ChangeConditions, change: Decimal) -> bool:
    change, percent = engine_decimal(change), engine_decimal(rule.percent)
    if rule.test == "rise":
        return change >= percent
    if rule.test == "fall":
        return change <= percent
    return abs(change) >= percent


def _whale(rule: WhaleConditions, event: TokenTransfer) -> bool:
    if rule.chains and event.chain_id not in rule.chains:
        return False
    if rule.tokens and event.token not in rule.tokens:
        return False
    if rule.value_usd is not None and not _at_least(event.value_usd, rule.value_usd):
        return False
    if rule.amount is not None and not _at_least(event.amount, rule.amount):
        return False
    if rule.wallets:
        sent, received = event.sender in rule.wallets, event.recipient in rule.wallets
        return {"in": received, "out": sent, "either": sent or received}[rule.direction]
    return True


def _at_least(value: Decimal | None, threshold: Decimal) -> bool:
    return value is not None and engine_decimal(value) >= engine_decimal(threshold)
