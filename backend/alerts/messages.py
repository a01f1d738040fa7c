"""What an alert says: one sentence with every number that made it fire."""

from decimal import Decimal

from backend.alerts.engine.conditions import ChangeConditions, MetricConditions, PriceConditions
from backend.alerts.rules import OfTransfersAndPrices
from backend.alerts.sentences import change_text, price_text, token_name
from backend.chain.events import NATIVE_TOKEN, Event, PriceUpdate, Reading, TokenTransfer
from backend.chain.registry import chain_name
from backend.core import formats

TX_MARK = " · tx "


def alert_message(conditions: OfTransfersAndPrices | None, event: Event) -> str:
    """Return the text of an alert; that of a transfer is the same for every rule.

    Whale: amount, token, value, from, to, chain, transaction. Price: token, chain, price now, target, change.
    Raises ValueError when the event is of no kind that fires such a rule.
    """
    if isinstance(event, TokenTransfer):
        return _transfer(event)
    if isinstance(event, PriceUpdate) and isinstance(conditions, PriceConditions | ChangeConditions):
        return _price(conditions, event)
    if isinstance(event, Reading) and isinstance(conditions, MetricConditions):
        name = _name(event.subject, event.label, event.chain_id)
        times = formats.amount(event.value)
        return f"{name} on {chain_name(event.chain_id)} was traded {times} times as much as in the day before"
    raise ValueError(f"no alert comes of {type(event).__name__}")


def headline(message: str) -> str:
    """Return the message without its transaction hash, for lists that show the hash beside it."""
    return message.partition(TX_MARK)[0]


def _transfer(event: TokenTransfer) -> str:
    name = _name(event.token, event.symbol, event.chain_id)
    raw = f"{event.amount_raw:,} units of {name}"
    what = raw if event.amount is None else formats.amount(event.amount, name)
    worth = "" if event.value_usd is None else f" ({formats.usd(event.value_usd)})"
    sender, recipient = formats.address(event.sender), formats.address(event.recipient)
    return f"{what}{worth} moved from {sender} to {recipient} on {chain_name(event.chain_id)}{TX_MARK}{event.tx_hash}"


def _price(conditions: PriceConditions | ChangeConditions, event: PriceUpdate) -> str:
    subject = f"{_name(event.token, event.symbol, event.chain_id)} on {chain_name(event.chain_id)}"
    now = formats.usd(event.price_usd)
    if isinstance(conditions, PriceConditions):
        verb = {"gt": "rose above", "gte": "reached", "lt": "fell below", "lte": "fell to"}[conditions.test]
        if _was_there(conditions, event.previous_price_usd):
            side = "at or above" if conditions.test in ("gt", "gte") else "at or below"
            return f"{subject} is {side} {price_text(conditions)}: now {now}"
        moved = formats.percent(_change_pct(event))
        return f"{subject} {verb} {price_text(conditions)}: now {now} ({moved} since the last reading)"
    _, change = event.changes[conditions.window_seconds]
    verb = "rose" if change > 0 else "fell"
    window = formats.duration(conditions.window_seconds)
    size = formats.percent(abs(change), signed=False)
    return f"{subject} {verb} {size} within {window}: now {now} (your rule: {change_text(conditions)})"


def _was_there(conditions: PriceConditions, before: Decimal | None) -> bool:
    """Return whether the price was there already, of which rules tell that repeat while they are true."""
    if before is None:
        return True
    above = conditions.test in ("gt", "gte")
    return before > conditions.threshold if above else before < conditions.threshold


def _change_pct(event: PriceUpdate) -> Decimal | None:
    if not event.previous_price_usd:
        return None
    return (event.price_usd - event.previous_price_usd) / event.previous_price_usd * 100


def _name(token: str, symbol: str | None, chain_id: int) -> str:
    if token == NATIVE_TOKEN:
        return token_name(token, {}, chain_id)
    return formats.untrusted_text(symbol) if symbol else formats.address(token)
