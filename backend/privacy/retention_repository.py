"""The SQL that deletes what is too old. What was logged and whole months go by functions of the owner."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# What makes a row old, by its name in `core.retention`. `least` passes over what is null.
_OLD = {
    "notification_outbox": (
        "notification_outbox",
        "status not in ('pending', 'sending', 'held') and created_at < :before",
    ),
    "automation_runs": ("automation_runs", "created_at < :before"),
    "recommendation_answers": ("recommendation_answers", "answered_at < :before"),
    "alert_days": ("alert_days", "day < cast(:before as timestamptz)::date"),
    "delivery_days": ("delivery_days", "day < cast(:before as timestamptz)::date"),
    "user_sessions": ("user_sessions", "least(revoked_at, expires_at) < :before"),
    "api_keys": ("api_keys", "least(revoked_at, expires_at) < :before"),
    "tax_reports": ("tax_reports", "requested_at < :before"),
    "platform_events": ("platform_events", "created_at < :before"),
    "mail_outbox, no account": ("mail_outbox", "user_id is null and created_at < :before"),
    "alert_rules": (
        "alert_rules",
        "deleted_at < :before and not exists (select from alert_history h where h.alert_rule_id = alert_rules.id)",
    ),
}
_DELETE = {
    name: text(f"delete from {table} where ctid in (select ctid from {table} where {old} limit :at_most) returning 1")  # noqa: S608 - constant text
    for name, (table, old) in _OLD.items()
}
_CALL = {
    "portfolio_snapshots": text(
        "select drop_portfolio_months_before(cast('portfolio_snapshots' as regclass), :before) + 0 * :at_most"
    ),
    "portfolio_rollups": text(
        "select drop_portfolio_months_before(cast('portfolio_rollups' as regclass), :before) + 0 * :at_most"
    ),
    "alert_history": text("select drop_alert_months_before(:before) + 0 * :at_most"),
    "audit_log": text("select delete_audit_before(:before, :at_most)"),
}
# Alerts before the rules they refer to.
NAMES = (*_CALL, *_DELETE)


async def delete_before(session: AsyncSession, name: str, before: datetime, at_most: int) -> int:
    """Delete up to so many rows that were old at a time (whole months: all of them); return how many."""
    values = {"before": before, "at_most": at_most}
    if name in _CALL:
        return (await session.execute(_CALL[name], values)).scalar_one()
    return len((await session.execute(_DELETE[name], values)).all())
