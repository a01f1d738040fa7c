"""The audit log: who changed what, when and from where. Rows are only ever added (see the migration's grants)."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.audit_repository import insert_entry
from backend.core.ids import new_id
from backend.core.origin import current_origin


async def audit(
    session: AsyncSession, user_id: UUID, action: str, target: str = "", details: dict[str, Any] | None = None
) -> None:
    """Note a change in the transaction that makes it.

    `action` is `area.verb` (`alert_rule.created`, `account.password_changed`), `target` what it was done to, `details`
    what changed; never a secret. What came with an API key names the key's beginning (`apiKey`).
    """
    origin = current_origin()
    noted = {**(details or {}), **({"apiKey": origin.key} if origin.key else {})}
    values = {
        "id": new_id(),
        "user_id": user_id,
        "action": action,
        "target": target[:200],
        "details": orjson.dumps(noted, default=str).decode(),
        "channel": origin.channel,
        "ip": origin.ip[:45],
        "user_agent": origin.user_agent[:300],
        "request_id": origin.request_id[:80],
    }
    await insert_entry(session, values)
