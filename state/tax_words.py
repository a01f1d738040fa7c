"""Words and signs that the pages of tax share: amounts with their sign and tone, names of places and assets."""

from decimal import Decimal

from backend.core import formats
from components.i18n import t

_ELSEWHERE = "elsewhere"  # where units are of which only is known that they left, or were before
_POSITIONS = ("lending", "staking")


def signed(amount: Decimal | None, currency: str) -> str:
    """Return money with its sign: a gain has one too; a dash when unknown."""
    text = formats.money(amount, currency)
    return f"+{text}" if amount is not None and amount > 0 else text


def tone_of(amount: Decimal | None) -> str:
    """Return how an amount is coloured, always beside its sign."""
    return "neutral" if not amount else "gain" if amount > 0 else "loss"


def place_name(wallet: str) -> str:
    """Return a wallet, account or position as people read it; what has a name keeps all of it."""
    owner, at, position = wallet.partition("@")  # what is lent or staked lies at a place of its own
    if at and (owner.startswith("0x") or position in _POSITIONS):
        return t("tax.position_of", position=formats.untrusted_text(position, 60), wallet=place_name(owner))
    if wallet == _ELSEWHERE:
        return t("tax.elsewhere")
    return formats.address(wallet) if wallet.startswith("0x") else formats.untrusted_text(wallet, 60) if wallet else ""


def shown_name(value: str) -> str:
    """Return a place, contract or asset (`1:0x…`) short enough for a sentence."""
    prefix, colon, rest = value.partition(":")
    if colon and prefix.isdigit():
        return formats.address(rest.split(":")[0])
    return place_name(value)
