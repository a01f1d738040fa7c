"""Rules in words: one sentence that says what makes a rule fire."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from backend.alerts.engine.conditions import (
    ChangeConditions,
    MetricChangeConditions,
    MetricConditions,
    PriceConditions,
    WhaleConditions,
)
from backend.alerts.rules import OfTransfersAndPrices
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.core.money import plain


class NamedToken(Protocol):
    """A token that can be named."""

    @property
    def address(self) -> str:
        """The token's address in lower case."""
        ...

    @property
    def symbol(self) -> str | None:
        """What the token calls itself."""
        ...


Symbols = Mapping[str, str]
_MOST_NAMES = 3


def symbols_of(tokens: Iterable[NamedToken]) -> Symbols:
    """Return symbols, fit to show, by token address."""
    return {token.address: formats.untrusted_text(token.symbol) for token in tokens if token.symbol}


def token_name(address: str, symbols: Symbols, chain_id: int | None = None) -> str:
    """Return the token's symbol, or its shortened address when it has none we know."""
    if address == NATIVE_TOKEN:
        chain = find_chain(chain_id) if chain_id is not None else None
        return chain.currency.symbol if chain else "the native currency"
    return symbols.get(address) or formats.address(address)


def describe(conditions: OfTransfersAndPrices, symbols: Symbols) -> str:
    """Return the sentence of a rule, such as `WETH on Demo market rises above $4,000`."""
    if isinstance(conditions, WhaleConditions):
        return _whale(conditions, symbols)
    if isinstance(conditions, MetricConditions):
        token = token_name(conditions.subject, symbols, conditions.chain_id)
        return f"{token} on {chain_name(conditions.chain_id)} is traded {volume_text(conditions)}"
    subject = f"{token_name(conditions.token, symbols, conditions.chain_id)} on {chain_name(conditions.chain_id)}"
    if isinstance(conditions, PriceConditions):
        return f"{subject} {_PRICE_VERBS[conditions.test]} {price_text(conditions)}"
    return f"{subject} {change_text(conditions)}"


def price_text(conditions: PriceConditions) -> str:
    """Return the target price with every digit the user gave: `$4,000`, `$0.00012`."""
    threshold = conditions.threshold
    if threshold != threshold.to_integral_value():
        whole, _, fraction = plain(threshold).partition(".")
        return f"${int(whole):,}.{fraction.ljust(2, '0')}"
    return f"${int(threshold):,}"


def change_text(conditions: ChangeConditions | MetricChangeConditions) -> str:
    """Return a change condition: `falls by at least 5% within 1 hour`."""
    size, window = f"{plain(abs(conditions.percent))}%", formats.duration(conditions.window_seconds)
    verb = {"rise": "rises by", "fall": "falls by", "move": "moves either way by"}[conditions.test]
    return f"{verb} at least {size} within {window}"


def volume_text(conditions: MetricConditions) -> str:
    """Return a volume condition: `at least 3 times as much as usual`."""
    return f"at least {plain(conditions.threshold)} times as much in an hour as in the day before"


_PRICE_VERBS = {"gt": "rises above", "gte": "reaches", "lt": "falls below", "lte": "falls to"}


def _whale(conditions: WhaleConditions, symbols: Symbols) -> str:
    one_chain = next(iter(conditions.chains)) if len(conditions.chains) == 1 else None
    tokens = _names([token_name(token, symbols, one_chain) for token in sorted(conditions.tokens)], "or", "tokens")
    size = "A transfer"
    if conditions.amount is not None:
        size += f" of at least {_grouped(plain(conditions.amount))} {tokens or 'tokens'}"
    elif tokens:
        size += f" of {tokens}"
    if conditions.value_usd is not None:
        size += f" worth at least ${_grouped(plain(conditions.value_usd))}"
    wallets = _names([formats.address(wallet) for wallet in sorted(conditions.wallets)], "or", "watched wallets")
    side = {"in": "to", "out": "from", "either": "to or from"}[conditions.direction]
    place = _names([chain_name(chain) for chain in sorted(conditions.chains)], "or", "chains")
    own = ", transfers between them left out" if conditions.ignore_own else ""
    if conditions.wallet_usd:
        own = f", with thresholds of their own for {len(conditions.wallet_usd)}{own}"
    return f"{size}{f' {side} {wallets}' if wallets else ''} on {place or 'any chain'}{own}"


def _names(names: list[str], joint: str, what: str) -> str:
    if len(names) > _MOST_NAMES:
        return f"{len(names)} {what}"
    return f" {joint} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _grouped(text: str) -> str:
    whole, _, fraction = text.partition(".")
    return f"{int(whole):,}{'.' + fraction if fraction else ''}"
