"""The SQL of the mail outbox and of the local mailbox. Times are the database's, as in the outbox of webhooks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.mail.port import OutgoingMail


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that was taken to be sent; `age_seconds` since it was written."""

    id: UUID
    recipient: str
    template: str
    content: bytes
    attempts: int
    written_at: datetime
    age_seconds: float


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


async def switched_off(session: AsyncSession, user_id: UUID) -> set[str]:
    """Return the kinds of mails that the user does not want."""
    statement = text("select kind from mail_switched_off where user_id = :user_id")
    return set((await session.execute(statement, {"user_id": user_id})).scalars())


async def switch_off(session: AsyncSession, user_id: UUID, kind: str) -> None:
    """Note that the user does not want mails of this kind."""
    await session.execute(
        text("insert into mail_switched_off (user_id, kind) values (:user_id, :kind) on conflict do nothing"),
        {"user_id": user_id, "kind": kind},
    )


async def switch_on(session: AsyncSession, user_id: UUID, kind: str) -> None:
    """Note that the user wants mails of this kind."""
    await session.execute(
        text("delete from mail_switched_off where user_id = :user_id and kind = :kind"),
        {"user_id": user_id, "kind": kind},
    )


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


async def claim_due(session: AsyncSession, limit: int, lease_seconds: float) -> list[ClaimedMail]:
    """Take mails that are due, each with a lease: whoever does not say how it went in time loses it to another."""
    rows = await session.execute(
        text("""
        with due as (
          select id from mail_outbox where status in ('pending', 'sending') and next_attempt_at <= now()
            and (locked_until is null or locked_until < now())
          order by next_attempt_at limit :limit for update skip locked
        )
        update mail_outbox o set status = 'sending', attempts = o.attempts + 1,
          locked_until = now() + make_interval(secs => :lease) from due where o.id = due.id
        returning o.id, o.recipient, o.template, o.content, o.attempts, o.created_at as written_at,
          extract(epoch from now() - o.created_at)::float as age_seconds
        """),
        {"limit": limit, "lease": lease_seconds},
    )
    return [ClaimedMail(**row) for row in rows.mappings()]


async def record_sent(session: AsyncSession, mail: ClaimedMail) -> None:
    """Note that a mail left, and forget what it says."""
    await session.execute(
        text(
            "update mail_outbox set status = 'sent', sent_at = now(), content = null, locked_until = null,"
            " last_error = null where id = :id and status = 'sending' and attempts = :attempts"
        ),
        {"id": mail.id, "attempts": mail.attempts},
    )


async def record_failure(session: AsyncSession, mail: ClaimedMail, error: str, retry_in_seconds: float | None) -> None:
    """Note that a mail did not leave, and when it is tried again; None: never."""
    await session.execute(
        text(
            "update mail_outbox set status = :status, last_error = :error, locked_until = null,"
            " next_attempt_at = now() + make_interval(secs => :wait)"
            " where id = :id and status = 'sending' and attempts = :attempts"
        ),
        {
            "id": mail.id,
            "attempts": mail.attempts,
            "status": "dead" if retry_in_seconds is None else "pending",
            "error": error[:500],
            "wait": retry_in_seconds or 0.0,
        },
    )


async def oldest_waiting_seconds(session: AsyncSession) -> float:
    """Return the age of the oldest mail that has not left, 0 when none waits."""
    statement = text(
        "select coalesce(extract(epoch from now() - min(created_at)), 0)::float from mail_outbox"
        " where status in ('pending', 'sending')"
    )
    return (await session.execute(statement)).scalar_one()


async def list_dead(session: AsyncSession, limit: int) -> list[RowMapping]:
    """Return the newest mails that were given up: id, recipient, template, attempts, created_at, last_error."""
    statement = text(
        "select id, recipient, template, attempts, created_at, last_error from mail_outbox where status = 'dead'"
        " order by created_at desc limit :limit"
    )
    return list((await session.execute(statement, {"limit": limit})).mappings())


async def count_by_status(session: AsyncSession) -> dict[str, int]:
    """Return how many mails there are by status."""
    rows = await session.execute(text("select status, count(*) from mail_outbox group by status"))
    return {row[0]: row[1] for row in rows}


async def put_in_line_again(session: AsyncSession, mail_id: UUID) -> bool:
    """Have a mail that was given up be tried again, for as long as a new one; return whether there was one."""
    result = await session.execute(
        text(
            "update mail_outbox set status = 'pending', attempts = 0, next_attempt_at = now(), created_at = now()"
            " where id = :id and status = 'dead' returning id"
        ),
        {"id": mail_id},
    )
    return result.first() is not None


async def keep_locally(session: AsyncSession, mail: OutgoingMail) -> None:
    """Put a mail into the local mailbox, unless it is there."""
    await session.execute(
        text(
            "insert into local_mailbox (id, recipient, subject, html, plain) values (:id, :recipient, :subject, :html,"
            " :plain) on conflict (id) do nothing"
        ),
        {
            "id": mail.id,
            "recipient": mail.recipient,
            "subject": mail.subject,
            "html": mail.html,
            "plain": mail.text,
        },
    )


async def trim_local(session: AsyncSession, most: int) -> None:
    """Keep the newest mails of the local mailbox only."""
    await session.execute(
        text(
            "delete from local_mailbox where id in (select id from local_mailbox order by received_at desc, id desc"
            " offset :most)"
        ),
        {"most": most},
    )


async def list_local(session: AsyncSession, limit: int, recipient: str | None) -> list[RowMapping]:
    """Return the newest mails of the local mailbox: id, recipient, subject, html, plain, received_at."""
    statement = text(
        "select id, recipient, subject, html, plain, received_at from local_mailbox"
        " where cast(:recipient as text) is null or recipient = :recipient"
        " order by received_at desc, id desc limit :limit"
    )
    return list((await session.execute(statement, {"limit": limit, "recipient": recipient})).mappings())
