"""Is a collection spam? Pure: each verdict with its reasons, in words to weigh; the user has the last word."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from backend.portfolio.discovery.skeleton import mixes_scripts
from backend.portfolio.discovery.spam import LINK, LURE
from backend.portfolio.nfts.pieces import ERC721

Reason = Literal["link", "lure", "mixed_scripts", "no_name", "no_standard", "mass_sent", "no_floor"]
MASS_SENT = 100  # recipients in the hundred blocks around a transfer that the wallet did not send
WORDS: dict[Reason, str] = {
    "link": "Its name or symbol carries a web address.",
    "lure": "Its name or symbol asks you to do something.",
    "mixed_scripts": "Its name or symbol mixes letters of several scripts, or has invisible ones.",
    "no_name": "Its contract does not say what it is called.",
    "no_standard": "Its contract does not say which standard of NFTs it follows.",
    "mass_sent": "It was sent to you and to a hundred others or more at the same time, without you having asked.",
    "no_floor": "No source has a floor price for it.",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A collection as its contract describes it, and what is known of it.

    `recipients`: how many were sent pieces around the transfer by which it came, None where that was not found out.
    """

    standard: str | None
    symbol: str | None
    name: str | None
    floor_usd: Decimal | None
    recipients: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is taken for spam, and what is held against it."""

    is_spam: bool
    reasons: tuple[Reason, ...]


def judge(collection: Suspect) -> Verdict:
    """Return the verdict. What has a floor is traded and never spam; that it has none is no proof by itself."""
    if collection.floor_usd is not None and collection.standard is not None:
        return Verdict(False, ())
    reasons: list[Reason] = []
    shown = f"{collection.symbol or ''} {collection.name or ''}"
    if LINK.search(shown):
        reasons.append("link")
    if LURE.search(shown):
        reasons.append("lure")
    if any(mixes_scripts(text) for text in (collection.symbol, collection.name) if text):
        reasons.append("mixed_scripts")
    if collection.standard == ERC721 and collection.name is None and collection.symbol is None:
        reasons.append("no_name")  # ERC-1155 has no name in the standard
    if collection.standard is None:
        reasons.append("no_standard")
    if collection.recipients is not None and collection.recipients >= MASS_SENT:
        reasons.append("mass_sent")
    is_spam = bool(reasons)
    if collection.floor_usd is None:
        reasons.append("no_floor")
    return Verdict(is_spam, tuple(reasons))
