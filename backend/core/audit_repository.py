"""The SQL of the audit log: rows are only ever added and read."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_INSERT = text("""
insert into audit_log (id, user_id, action, target, details, channel, ip_address, user_agent, request_id)
values (:id, :user_id, :action, :target, cast(:details as jsonb), :channel, :ip, :user_agent, :request_id)
""")


async def insert_entry(session: AsyncSession, values: dict[str, Any]) -> None:
    """Add a row."""
    await session.execute(_INSERT, values)
