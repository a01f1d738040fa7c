"""Names of assets in files: cleaned, upper-cased, an exchange's own names undone, money told apart. Pure."""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from backend.tax.transactions import FIAT_PREFIX

# What exchanges take deposits of, and no asset has the name of: MNT, GEL or BOB are assets first, as money they are
# written `fiat:MNT`.
_FIAT = """AED ARS AUD BGN BHD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GHS HKD HRK HUF IDR ILS INR ISK JPY KES KRW
KWD KZT MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH UGX USD VND ZAR"""
FIAT = frozenset(_FIAT.split())
_SYMBOL = re.compile(r"[^\s:;,\"'|<>=@\x00-\x1f\x7f]{1,40}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ON_CHAIN = re.compile(r"(?:eip155:)?([0-9]{1,10})[:/](?:erc(?:20|721|1155):)?(0x[0-9a-f]{40})(?:[:/]([0-9]{1,78}))?")
_SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "₹": "INR", "₿": "BTC"}


class Asset(NamedTuple):
    """An asset as transactions name it, and as it is shown."""

    asset: str
    symbol: str

    @property
    def is_fiat(self) -> bool:
        """Whether it is money of a country."""
        return self.asset.startswith(FIAT_PREFIX)


def fiat(code: str) -> Asset:
    """Return money of a country by its code of three letters."""
    return Asset(FIAT_PREFIX + code, code)


def asset_of(text: str, own_names: Callable[[str], str] | None = None) -> Asset:
    """Return the asset that a file names; `own_names` undoes an exchange's names.

    `ETH` is ETH, `usd` is fiat:USD, `1:0xA0b8…` (or `eip155:1/erc20:0xA0b8…`) a token of a chain, with `:42` an NFT.
    Raises ValueError for what cannot be the name of an asset.
    """
    name = unicodedata.normalize("NFKC", text).strip()
    name = "".join(each for each in name if unicodedata.category(each) not in ("Cf", "Cc"))
    chain = _ON_CHAIN.fullmatch(name.lower())
    if chain:
        return Asset(":".join(part for part in chain.groups() if part), chain.group(2)[:10])
    if name.lower().startswith(FIAT_PREFIX):
        code = name[len(FIAT_PREFIX) :].upper()
        if not _CURRENCY.fullmatch(code):
            raise ValueError(f"“{text.strip()[:40]}” is no currency: write it like fiat:USD")
        return fiat(code)
    name = _SIGNS.get(name, name).upper()
    if own_names is not None:
        name = own_names(name)
    if not _SYMBOL.fullmatch(name) or not any(each.isalnum() for each in name):
        raise ValueError(f"“{text.strip()[:40]}” is no asset: write its symbol, like ETH")
    return fiat(name) if name in FIAT else Asset(name, name)


def currency_of(text: str) -> str:
    """Return a currency's code. Raises ValueError for what is none."""
    found = asset_of(text)
    if not found.is_fiat:
        raise ValueError(f"“{text.strip()[:40]}” is no currency: write its code of three letters, like USD")
    return found.symbol
