"""The SQL of worths that prices give: which transactions lack some, and writing them beside what sources say."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax.repository import SELECTED

_UNPRICED = text(f"""
select {SELECTED}, t.digest from tax_transactions t
where t.user_id = :user_id and t.source <> 'wallet' and t.kind <> 'ignored'
  and (t.happened_at, t.id) > (:after_at, cast(:after_id as uuid))
  and exists (select 1 from jsonb_array_elements(t.legs || t.fees) as l
    where l -> 'worth' is null and l -> 'role' is null and l ->> 'asset' not like 'fiat:%')
order by t.happened_at, t.id limit :limit
""")  # noqa: S608 - names from above
_WRITE = text("""
update tax_transactions t set legs = r.legs, fees = r.fees
from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, digest text, legs jsonb, fees jsonb)
where t.user_id = :user_id and t.id = r.id and t.digest = r.digest
returning t.id
""")
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_NO_ID = UUID(int=0)


async def unpriced(
    session: AsyncSession, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Sequence[Any]]:
    """Return rows of COLUMNS and the digest, in time, from behind (time, id) on, of what has no worth."""
    after_at, after_id = after or (_EARLIEST, _NO_ID)
    values = {"user_id": user_id, "after_at": after_at, "after_id": after_id, "limit": limit}
    return (await session.execute(_UNPRICED, values)).all()


async def write(session: AsyncSession, user_id: UUID, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write legs and fees (id, digest, legs, fees) of transactions whose source says what it did; return of how many.

    The digest stays that of the source: read again, it is the same and changes nothing.
    """
    values = {"user_id": user_id, "rows": orjson.dumps(list(rows)).decode()}
    return len((await session.execute(_WRITE, values)).all())
