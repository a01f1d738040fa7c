"""Prices of a book's assets now, in the reporting currency, each with its source and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.market.assets import KnownAssets
from backend.market.fiat.service import FiatRate, fiat_rate
from backend.market.ladder.platforms import COIN_IDS, NO_CHAIN
from backend.market.ladder.port import Key
from backend.market.ladder.service import Quote
from backend.tax.transactions import is_fiat

MOST_ASSETS = 200  # of the rest the price stays unknown, and the answer says so
_COINS = {symbol: Key(NO_CHAIN, coin) for symbol, coin in COIN_IDS.items()}
_PARTS_OF_A_TOKEN, _PARTS_OF_A_PIECE = 2, 3


@dataclass(frozen=True, slots=True)
class Priced:
    """What one whole unit is worth in the reporting currency; `rate_day`: of the reference rate, where one was used."""

    price: Decimal
    source: str
    detail: str
    taken_at: datetime
    is_stale: bool
    rate_day: date | None = None


class Ladder(Protocol):
    """What is asked of the ladder of price sources."""

    async def quotes(self, keys: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], Quote]:
        """Return the price of each asset; what is missing is unknown."""
        ...

    async def floors(self, collections: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], Quote]:
        """Return the floor price of each collection."""
        ...


def keys_of(asset: str, known: KnownAssets) -> list[Key]:
    """Return where an asset's price may be asked for, the surest first: nothing where no source can know it.

    A vouched symbol is any of its tokens (the ones vouched for on the lowest chain first); Bitcoin, Ether and
    currencies of chains of their own have prices that belong to no chain.
    """
    parts = asset.split(":")
    if len(parts) >= _PARTS_OF_A_TOKEN and parts[0].isdigit():
        return [Key(int(parts[0]), parts[1])]
    if is_fiat(asset) or len(parts) > 1:
        return []
    places = known.places.get(asset, {})
    found = [Key(chain_id, token) for chain_id in sorted(places) for token in places[chain_id]][:2]
    return ([_COINS[asset]] if asset in _COINS else []) + found


async def prices_of(
    session: AsyncSession, ladder: Ladder, known: KnownAssets, assets: Iterable[str], currency: str
) -> dict[str, Priced]:
    """Return what assets are worth now; what is missing is unknown, and so is all where the currency has no rate.

    Pieces of a collection are worth its floor price.
    """
    now = utc_now()
    rate = await fiat_rate(session, currency, now)
    if rate is None:
        return {}
    wanted = {asset: keys_of(asset, known) for asset in list(dict.fromkeys(assets))[:MOST_ASSETS]}
    pieces = {asset for asset in wanted if asset.count(":") == _PARTS_OF_A_PIECE - 1}
    quotes = await ladder.quotes(sorted({key for asset in wanted.keys() - pieces for key in wanted[asset]}))
    floors = await ladder.floors(sorted({key for asset in pieces for key in wanted[asset]})) if pieces else {}
    found: dict[str, Priced] = {}
    for asset, keys in wanted.items():
        among = floors if asset in pieces else quotes
        quote = next((among[key] for key in keys if key in among), None)
        if quote is not None:
            found[asset] = _priced(quote, rate, asset in pieces)
    return found


def _priced(quote: Quote, rate: FiatRate, is_floor: bool) -> Priced:
    detail = quote.detail or ("floor price of the collection" if is_floor else "")
    day = None if rate.currency == "USD" else rate.as_of
    return Priced(rate.of_usd(quote.price_usd), quote.source, detail, quote.taken_at, quote.is_stale, day)
