"""From what a user calls chains and tokens to chain ids and addresses."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import repository
from backend.alerts.engine.conditions import (
    ChangeConditions,
    Conditions,
    MetricConditions,
    PriceConditions,
    WhaleConditions,
)
from backend.alerts.metrics import VOLUME_RATIO
from backend.alerts.parsing import RuleInput, is_address
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import all_chains, chain_name, find_chain
from backend.core.errors import InvalidInputError
from backend.core.settings import Settings, get_settings
from backend.market.anchors import MarketAnchors, market_anchors

_NATIVE_NAMES = ("native", "native currency")


@dataclass(frozen=True, slots=True)
class _Found:
    tokens: frozenset[str]
    chains: frozenset[int]


async def conditions_of_input(session: AsyncSession, wanted: RuleInput) -> Conditions:
    """Return the typed conditions of what a user sent, with every symbol looked up.

    Raises InvalidInputError (details by field) for a chain or token that is not known, or not one.
    """
    settings = get_settings()
    chains = frozenset(known_chain(chain, settings) for chain in wanted.chains)
    found = await _tokens(session, wanted, chains, settings)
    if wanted.kind == "whale":
        if wanted.amount is not None and len(found.tokens) != 1:
            _refuse(
                "chain", "This symbol names a different token on each chain. Choose the chain whose token you mean."
            )
        return WhaleConditions(
            found.chains,
            found.tokens,
            frozenset(wanted.wallets),
            wanted.direction,
            wanted.value_usd,
            wanted.amount,
            wanted.wallet_usd,
            wanted.ignore_own,
        )
    (chain_id,), (token,) = found.chains, found.tokens
    if wanted.change is not None:
        test, percent, window = wanted.change
        return ChangeConditions(chain_id, token, window, test, percent)
    if wanted.volume_ratio is not None:
        return MetricConditions(VOLUME_RATIO, chain_id, token, "gte", wanted.volume_ratio)
    if wanted.price is None:
        raise AssertionError("parsing lets no price rule through without a price or a change")
    return PriceConditions(chain_id, token, *wanted.price)


async def _tokens(session: AsyncSession, wanted: RuleInput, chains: frozenset[int], settings: Settings) -> _Found:
    tokens = {token for token in wanted.tokens if is_address(token)}
    names = [token for token in wanted.tokens if not is_address(token)]
    if not names:
        return _Found(frozenset(_as_priced(token, wanted, chains, settings) for token in tokens), chains)
    followed = sorted(chains or settings.chain_urls)
    symbols: list[str] = []
    for name in names:
        natives = _native_chains(name, followed)
        if not natives:
            symbols.append(name)
            continue
        if set(natives) != set(followed):
            if len(wanted.tokens) > 1 or chains:
                _refuse("chain", f"{name} is not the currency of all these chains. Choose one chain.")
            chains = frozenset(natives)
        tokens.add(NATIVE_TOKEN)
    if symbols:
        tokens |= _chosen(symbols, await repository.tokens_by_symbol(session, symbols, followed), settings)
    return _Found(frozenset(_as_priced(token, wanted, chains, settings) for token in tokens), chains)


def _native_chains(name: str, followed: Sequence[int]) -> list[int]:
    """Return the chains whose own currency the user means; none when the name is that of a token."""
    if name.lower() in _NATIVE_NAMES:
        return list(followed)
    known = ((chain_id, find_chain(chain_id)) for chain_id in followed)
    return [chain_id for chain_id, chain in known if chain and chain.currency.symbol.upper() == name.upper()]


def _as_priced(token: str, wanted: RuleInput, chains: frozenset[int], settings: Settings) -> str:
    """Return the token whose price is read: a chain's own currency has the price of its wrapped form."""
    if wanted.kind != "price" or token != NATIVE_TOKEN:
        return token
    (chain_id,) = chains
    anchors = market_anchors(chain_id, settings.demo_addresses_file)
    if anchors is None:
        _refuse("token", f"No prices are read on {chain_name(chain_id)} yet. Choose another chain.")
    return anchors.anchors.wrapped_native


def _chosen(symbols: list[str], rows: list[repository.TokenRow], settings: Settings) -> set[str]:
    """Return one address for each symbol and chain. Anyone may name a token, so trusted ones go first."""
    by_symbol: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_symbol[(row.symbol or "").upper()][row.chain_id].append(row.address)
    chosen = set()
    for symbol in symbols:
        found = by_symbol.get(symbol.upper())
        if not found:
            _refuse("token", f"No token called {symbol} is known here. Give its address.")
        for chain_id, addresses in found.items():
            trusted = [a for a in addresses if a in _trusted(market_anchors(chain_id, settings.demo_addresses_file))]
            candidates = trusted or addresses
            if len(candidates) > 1:
                several = ", ".join(candidates[:3])
                _refuse("token", f"Several tokens call themselves {symbol}. Give the address: {several}.")
            chosen.add(candidates[0])
    return chosen


def _trusted(anchors: MarketAnchors | None) -> set[str]:
    if anchors is None:
        return set()
    return {anchors.anchors.wrapped_native, *anchors.anchors.stablecoins, *anchors.tokens}


def known_chain(chain: int | str, settings: Settings) -> int:
    """Return a chain's id by number or name. Raises InvalidInputError when there is no such chain."""
    if isinstance(chain, int):
        if find_chain(chain) is None and chain not in settings.chain_urls:
            _refuse("chain", f"Chain {chain} is not one we know. Give a chain's number, such as 1 for Ethereum.")
        return chain
    named = [each.id for each in all_chains() if each.name.lower() == chain.lower()]
    named += [chain_id for chain_id in settings.chain_urls if chain_name(chain_id).lower() == chain.lower()]
    if not named:
        _refuse("chain", f"No chain is called {chain}. Give its number, such as 1 for Ethereum.")
    return named[0]


def _refuse(field: str, message: str) -> NoReturn:
    raise InvalidInputError("Some conditions of the rule cannot be accepted.", {field: message})
