"""Having a user's transactions priced soon: whoever adds some calls this. It imports nothing that adds any."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.jobs import defer
from backend.tax.pricing.worths import is_unpriced
from backend.tax.transactions import TaxTransaction

PRICE = "tax.price"


async def price_soon(session: AsyncSession, user_id: UUID, added: Iterable[TaxTransaction]) -> None:
    """Have what was added priced, where something of it has no worth; what wallets did is priced by the ledger."""
    if any(each.source != "wallet" and is_unpriced(each) for each in added):
        await price_again(session, user_id, 0)


async def price_again(session: AsyncSession, user_id: UUID, tries: int, run_at: datetime | None = None) -> None:
    """Have a user's transactions priced, at once or later; `tries`: how often it was tried in vain."""
    lock = f"{PRICE}:{user_id}:{tries}"
    await defer(session, PRICE, run_at=run_at, queueing_lock=lock, user_id=str(user_id), tries=tries)
