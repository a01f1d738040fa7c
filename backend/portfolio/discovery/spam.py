"""Is a token spam? Pure: each verdict with its reasons, in words that a user can weigh; the user has the last word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from backend.portfolio.discovery.skeleton import mixes_scripts, skeleton

Reason = Literal["link", "look_alike", "mixed_scripts", "lure", "no_price", "dust", "no_name"]
DUST_USD = Decimal("0.01")
WORDS: dict[Reason, str] = {
    "link": "Its name or symbol carries a web address.",
    "look_alike": "Its symbol or name looks like that of a well-known token, whose contract is another one.",
    "mixed_scripts": "Its name or symbol mixes letters of several scripts, or has invisible ones.",
    "lure": "Its name or symbol asks you to do something.",
    "no_price": "It stands in no token list, and no source has a price for it: there is no market to sell it on.",
    "dust": "It stands in no token list, and what you hold of it is worth less than a cent.",
    "no_name": "Its contract does not say what it is called or how it is counted.",
}
# Symbols that are imitated wherever there is a chain; lists and the chain layer add their own.
FAMOUS = frozenset(
    (
        *("ETH", "WETH", "STETH", "WSTETH", "RETH", "CBETH", "BTC", "WBTC", "CBBTC", "BNB", "POL", "MATIC", "AVAX"),
        *("USDC", "USDT", "DAI", "USDE", "PYUSD", "FRAX", "ARB", "OP", "UNI", "AAVE", "LINK", "CRV", "LDO", "MKR"),
        *("SNX", "COMP", "SUSHI", "PEPE", "SHIB"),
    )
)
LINK = re.compile(
    r"https?|www\.|://|\b[a-z0-9-]+\.(com|org|net|io|xyz|app|fi|finance|site|online|info|top|pro|live|link|gift|vip"
    r"|club|cc|me|to|gg|co|us|eu|claims?|events?|network|exchange|money|fund|cash|lol|pw|ru|cn)\b",
    re.IGNORECASE,
)
LURE = re.compile(r"\b(claim|visit|airdrop|reward|voucher|gift|redeem|free|bonus|giveaway|winner)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A token as its contract describes it, and what is known of it. `is_trusted`: listed, or in a pool we trust."""

    symbol: str | None
    name: str | None
    decimals: int | None
    is_trusted: bool
    price_usd: Decimal | None
    value_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is taken for spam, and every reason that speaks for it."""

    is_spam: bool
    reasons: tuple[Reason, ...]

    @property
    def words(self) -> list[str]:
        """The reasons as sentences."""
        return [WORDS[reason] for reason in self.reasons]


class SpamFilter:
    """Knows what well-known tokens are called: `named` are (symbol, name) of those that are listed or trusted."""

    def __init__(self, named: Iterable[tuple[str | None, str | None]]) -> None:
        known = list(named)
        self._symbols = {skeleton(symbol) for symbol, _ in known if symbol} | {skeleton(each) for each in FAMOUS}
        self._names = {skeleton(name) for _, name in known if name and len(name) > 3}
        self._symbols.discard("")
        self._names.discard("")

    def judge(self, token: Suspect) -> Verdict:
        """Return the verdict; what is listed or trusted is never spam, whatever it is called."""
        if token.is_trusted:
            return Verdict(False, ())
        reasons: list[Reason] = []
        shown = f"{token.symbol or ''} {token.name or ''}"
        if LINK.search(shown):
            reasons.append("link")
        if LURE.search(shown):
            reasons.append("lure")
        if self._looks_known(token):
            reasons.append("look_alike")
        if any(mixes_scripts(text) for text in (token.symbol, token.name) if text):
            reasons.append("mixed_scripts")
        if token.symbol is None or token.decimals is None:
            reasons.append("no_name")
        if token.price_usd is None:
            reasons.append("no_price")
        elif token.value_usd is not None and token.value_usd < DUST_USD:
            reasons.append("dust")
        return Verdict(bool(reasons), tuple(reasons))

    def _looks_known(self, token: Suspect) -> bool:
        symbol, name = skeleton(token.symbol or ""), skeleton(token.name or "")
        return symbol in self._symbols or name in self._names or (name != "" and name in self._symbols)
