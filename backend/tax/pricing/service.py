"""Worths by the ladder of prices for transactions whose source says none: the price of the nearest full hour, kept.

An exchange's symbol is taken for the token that is vouched for under it, or a coin of its own chain. A price that is
stored is never changed, and a worth that was written is not asked for again: a report reads the same for ever.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.market.assets import KnownAssets
from backend.market.ladder.history import Point
from backend.market.ladder.port import Key
from backend.portfolio.service import vouched_assets
from backend.tax import records, store
from backend.tax import repository as books
from backend.tax.optimisation.pricing import keys_of
from backend.tax.pricing import repository
from backend.tax.pricing.worths import Price, unpriced_assets, with_worths
from backend.tax.transactions import TaxTransaction

_AT_ONCE = 2_000
Moment = tuple[str, datetime]


class Ladder(Protocol):
    """What is asked of the ladder of price sources."""

    async def at_moments(
        self, wanted: Sequence[tuple[tuple[int, str], datetime]]
    ) -> Mapping[tuple[Key, datetime], Point]:
        """Return each asset's price at its moment; missing is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Priced:
    """Of how many transactions some worth was found, and of how many one is still unknown."""

    priced: int
    unknown: int


async def price_transactions(database: Database, settings: Settings, ladder: Ladder, user_id: UUID) -> Priced:
    """Give a user's transactions of files and by hand the worths that prices of then say (role premium_worker).

    In parts, each a transaction of its own: what is done is done, whenever it ends.
    """
    priced = unknown = 0
    after: tuple[datetime, UUID] | None = None
    async with database.unit_of_work() as session:
        known = await vouched_assets(session, settings, sorted(settings.chain_urls))
    while True:
        async with database.unit_of_work() as session:
            rows = await repository.unpriced(session, user_id, after, _AT_ONCE)
        transactions = await asyncio.to_thread(records.transactions_of, rows)
        wanted = {(asset, each.happened_at) for each in transactions for asset in unpriced_assets(each)}
        keys = {asset: _keys(asset, known) for asset, _ in wanted}
        prices = await _prices(ladder, sorted(wanted), keys)
        made = _made(transactions, [row[-1] for row in rows], prices)
        if made:
            async with database.unit_of_work() as session:
                await books.lock(session, user_id)
                if await repository.write(session, user_id, made):
                    await store.bump(session, user_id)
        priced += len(made)
        moments = ([(asset, each.happened_at) for asset in unpriced_assets(each)] for each in transactions)
        unknown += sum(any(moment not in prices for moment in mine) for mine in moments)
        if len(rows) < _AT_ONCE:
            return Priced(priced, unknown)
        after = (transactions[-1].happened_at, transactions[-1].id)


def _keys(asset: str, known: KnownAssets) -> list[Key]:
    """Return where prices of then are asked for: never at the demo market, which real files are not about."""
    return [key for key in keys_of(asset, known) if key.chain_id != DEMO_CHAIN_ID]


async def _prices(ladder: Ladder, wanted: Iterable[Moment], keys: Mapping[str, Sequence[Key]]) -> dict[Moment, Price]:
    """Ask for each asset where it is surest, and for what that does not know where it is next."""
    found: dict[Moment, Price] = {}
    left, place = list(wanted), 0
    while left:
        asked = [(asset, at) for asset, at in left if place < len(keys[asset])]
        points = await ladder.at_moments([(keys[asset][place], at) for asset, at in asked]) if asked else {}
        for asset, at in asked:
            point = points.get((keys[asset][place], at))
            if point is not None:
                found[asset, at] = (point.price_usd, point.source, point.observed_at)
        left, place = [each for each in asked if each not in found], place + 1
    return found


def _made(
    transactions: Sequence[TaxTransaction], digests: Sequence[str], prices: Mapping[Moment, Price]
) -> list[dict[str, object]]:
    made = []
    for each, digest in zip(transactions, digests, strict=True):
        now = with_worths(each, lambda asset, at: prices.get((asset, at)))
        if now is not None:
            legs, fees = records.legs_json(now.legs), records.legs_json(now.fees)
            made.append({"id": str(each.id), "digest": digest, "legs": legs, "fees": fees})
    return made
