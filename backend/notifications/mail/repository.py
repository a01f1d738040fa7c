"""The SQL of the mail outbox."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def write_mail(
    session: AsyncSession,
    mail_id: UUID,
    user_id: UUID | None,
    recipient: str,
    template: str,
    kind: str | None,
    content: bytes,
) -> bool:
    """Put a mail in line; return False when the user switched mails of this kind off. `content` is sealed."""
    statement = text("select write_mail(:id, :user_id, :recipient, :template, :kind, :content)")
    values = {
        "id": mail_id,
        "user_id": user_id,
        "recipient": recipient,
        "template": template,
        "kind": kind,
        "content": content,
    }
    return bool((await session.execute(statement, values)).scalar_one())


async def delete_old_mails(session: AsyncSession, sent_days: int, dead_days: int) -> int:
    """Delete what was sent or died so long ago; return how many (role premium_worker)."""
    result = await session.execute(
        text(
            "delete from mail_outbox where (status = 'sent' and sent_at < now() - make_interval(days => :sent_days))"
            " or (status = 'dead' and created_at < now() - make_interval(days => :dead_days)) returning id"
        ),
        {"sent_days": sent_days, "dead_days": dead_days},
    )
    return len(result.all())
