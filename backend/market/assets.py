"""What counts as one asset across chains and wallets, pure.

A symbol from a contract proves nothing: anybody may call a token USDC. Tokens are one asset under one symbol only where
somebody vouches for it: a chain's own currency (the registry), the tokens that a chain's prices start from, and those
of token lists. Every other token is an asset of its own, named by chain and address.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backend.chain.events import NATIVE_TOKEN
from backend.core.formats import address as short_address
from backend.core.formats import untrusted_text

SYMBOL = re.compile(r"[A-Z0-9.+\-_$]{1,20}")
KEY = re.compile(r"[A-Z0-9.+\-_$]{1,20}|[1-9][0-9]{0,15}:0x[0-9a-f]{40}")
CATEGORIES = ("native", "stablecoin", "token")
TokenKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class KnownAssets:
    """The vouched tokens: symbol and decimals by (chain, token), and by asset where it is on each chain."""

    symbols: Mapping[TokenKey, str]
    decimals: Mapping[TokenKey, int]
    categories: Mapping[TokenKey, str]
    hubs: Mapping[int, tuple[str, ...]]
    wrapped: Mapping[int, str]
    places: dict[str, dict[int, list[str]]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the tokens by asset; the order of a chain's tokens is that in which they were given."""
        places: dict[str, dict[int, list[str]]] = {}
        for (chain_id, token), symbol in self.symbols.items():
            places.setdefault(symbol, {}).setdefault(chain_id, []).append(token)
        object.__setattr__(self, "places", places)

    def asset_of(self, chain_id: int, token: str) -> str:
        """Return the asset that a token is, by its key."""
        return self.symbols.get((chain_id, token)) or f"{chain_id}:{token}"

    def tokens_of(self, asset: str, chain_id: int) -> list[str]:
        """Return the tokens that an asset is on a chain."""
        if ":" in asset:
            chain, _, token = asset.partition(":")
            return [token] if int(chain) == chain_id else []
        return self.places.get(asset, {}).get(chain_id, [])

    def in_pools(self, chain_id: int, token: str) -> str | None:
        """Return the token that pools hold in its place: the wrapped one for the chain's own currency."""
        return self.wrapped.get(chain_id) if token == NATIVE_TOKEN else token


def vouched_symbol(text: str | None) -> str | None:
    """Return a symbol as assets are named by it, None when it is no plain one."""
    symbol = (text or "").strip().upper()
    return symbol if SYMBOL.fullmatch(symbol) else None


def asset_name(asset: str, symbols: Mapping[str, str | None]) -> str:
    """Return an asset for people; `symbols` are what tokens named by their address call themselves."""
    if ":" not in asset:
        return asset
    _, _, token = asset.partition(":")
    symbol = symbols.get(asset)
    return f"{untrusted_text(symbol)} {short_address(token)}" if symbol else short_address(token)


def known_assets(
    currencies: Mapping[int, tuple[str, int]],
    anchors: Mapping[int, tuple[str, tuple[str, ...]]],
    named: Iterable[tuple[int, str, str | None, int | None]],
) -> KnownAssets:
    """Return the vouched tokens.

    `currencies` are the chains' own (symbol, decimals), `anchors` their (wrapped native token, stablecoins), `named`
    the tokens (chain, token, symbol, decimals) that a list or the chain's prices vouch for; of two the first counts.
    """
    symbols: dict[TokenKey, str] = {}
    decimals: dict[TokenKey, int] = {}
    for chain_id, (text, places) in currencies.items():
        if (symbol := vouched_symbol(text)) is not None:
            symbols[chain_id, NATIVE_TOKEN], decimals[chain_id, NATIVE_TOKEN] = symbol, places
    for chain_id, token, text, places in named:
        symbol = vouched_symbol(text)
        if symbol is not None and places is not None and (chain_id, token) not in symbols:
            symbols[chain_id, token], decimals[chain_id, token] = symbol, places
    stable = {(chain_id, token) for chain_id, (_, coins) in anchors.items() for token in coins}
    return KnownAssets(
        symbols=symbols,
        decimals=decimals,
        categories={key: _category(key, stable) for key in symbols},
        hubs={chain_id: (wrapped, *coins) for chain_id, (wrapped, coins) in anchors.items()},
        wrapped={chain_id: wrapped for chain_id, (wrapped, _) in anchors.items()},
    )


def _category(key: TokenKey, stable: set[TokenKey]) -> str:
    return "native" if key[1] == NATIVE_TOKEN else "stablecoin" if key in stable else "token"
