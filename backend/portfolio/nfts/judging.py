"""The spam filter over a user's collections: what is known of each goes in, verdicts with reasons are stored."""

from typing import Any
from uuid import UUID

from backend.core.db import Database
from backend.portfolio.nfts import repository
from backend.portfolio.nfts.spam import Suspect, judge
from backend.portfolio.prices import FloorPrices, Key


async def judge_collections(database: Database, floors: FloorPrices, user_id: UUID) -> int:
    """Judge every collection of a user whose contract was asked what it is; return how many are taken for spam.

    What the user decided stays.
    """
    async with database.unit_of_work() as session:
        rows = [row for row in await repository.collections_of(session, [user_id]) if row.is_read]
    if not rows:
        return 0
    known: dict[Key, list[Any]] = {}
    for row in rows:
        known.setdefault((row.chain_id, row.collection), []).append(row)
    quotes = await floors.floors(list(known))
    verdicts = []
    for key, of in known.items():
        quote = quotes.get(key)
        counts = [row.recipients for row in of if row.recipients is not None]
        suspect = Suspect(
            standard=of[0].standard,
            symbol=of[0].symbol,
            name=of[0].name,
            floor_usd=quote.price_usd if quote else None,
            recipients=min(counts, default=None),  # one wallet that asked for it vouches for the others
        )
        verdict = judge(suspect)
        verdicts.append(
            {
                "user_id": str(user_id),
                "chain_id": key[0],
                "collection": key[1],
                "is_spam": verdict.is_spam,
                "reasons": list(verdict.reasons),
            }
        )
    async with database.unit_of_work() as session:
        await repository.judge(session, verdicts)
    return sum(each["is_spam"] for each in verdicts)
