"""Events that belong to no chain (portfolio readings, schedules, rules that fired): written with what caused them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import platform_repository as repository
from backend.chain.events import Occurrence, Reading, to_json_fields

PLATFORM_CHAIN_ID = 0


async def publish_events(
    session: AsyncSession, events: Sequence[Reading | Occurrence], user_id: UUID | None = None
) -> None:
    """Put events of the platform in line for the stream `chain:0:events`, in the caller's transaction.

    An event whose id was published in the last seven days changes nothing. `user_id`: whose they are, if anybody's;
    they go with that account. The web role may publish for its own user only. Raises ValueError for a chain's event.
    """
    for event in events:
        if (event.chain_id, event.block_number, event.block_hash) != (PLATFORM_CHAIN_ID, 0, ""):
            raise ValueError(f"event {event.id[:80]} belongs to a chain")
    await repository.insert(session, [(event.id, to_json_fields(event)) for event in events], user_id)
