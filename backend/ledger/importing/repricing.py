"""Prices that nobody knew when an event was read, asked for again."""

from uuid import UUID

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.ledger import records, repository
from backend.ledger.importing.pricing import due_again, with_prices
from backend.market.ladder.service import Ladder

MOST_EVENTS = 500


async def reprice(database: Database, prices: Ladder, most: int = MOST_EVENTS) -> set[UUID]:
    """Ask for the prices that are due, of so many events at most; return the users some of whose events got one.

    What is still unknown is due again later, a few times; then it stays unknown.
    """
    async with database.unit_of_work() as session:
        due = [
            (row.user_id, row.price_tries, records.event_of(row[2:]))
            for row in await repository.due_prices(session, utc_now(), most)
        ]
    if not due:
        return set()
    priced = await with_prices([event for _, _, event in due], prices)
    rows = []
    for (user_id, tries, _), event in zip(due, priced, strict=True):
        again = due_again(event, tries + 2)  # the first try was the import's
        rows.append(
            {
                "user_id": str(user_id),
                "id": str(event.id),
                "legs": records.legs_json(event.legs),
                "fee_price_usd": None if event.fee_price_usd is None else str(event.fee_price_usd),
                "price_due_at": None if again is None else again.isoformat(),
            }
        )
    async with database.unit_of_work() as session:
        await repository.set_prices(session, rows)
    return {user_id for (user_id, _, before), event in zip(due, priced, strict=True) if event != before}
