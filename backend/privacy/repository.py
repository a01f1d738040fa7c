"""The SQL of consent, exports, erasure and of reading the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_AUDIT = text(
    "select id, action, target, details, channel, ip_address, user_agent, request_id, recorded_at from audit_log"
    " where user_id = :user_id order by recorded_at desc, id desc limit :limit offset :offset"
)
_EXPORT = (
    "select id, user_id, status, step, tables_done, tables_total, rows_written, rows_total, size_bytes, problem,"
    " requested_at, started_at, ready_at, expires_at from data_exports"
)
_EXPORTS = text(f"{_EXPORT} where user_id = :user_id order by requested_at desc, id desc limit :limit")
_FIND_EXPORT = text(f"{_EXPORT} where id = :id")


async def list_audit(session: AsyncSession, user_id: UUID, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    """Return one page of what was logged of a user, newest first, and how much there is."""
    counting = text("select count(*) from audit_log where user_id = :user_id")
    total = (await session.execute(counting, {"user_id": user_id})).scalar_one()
    rows = await session.execute(_AUDIT, {"user_id": user_id, "limit": limit, "offset": offset})
    return rows.mappings().all(), total


async def write_consent(session: AsyncSession, user_id: UUID, purpose: str, granted: bool, at: datetime) -> None:
    """Keep a user's decision for a purpose."""
    await session.execute(
        text(
            "insert into user_consents (user_id, purpose, granted, decided_at) values (:user_id, :purpose, :granted,"
            " :at) on conflict (user_id, purpose) do update set granted = excluded.granted, decided_at = :at"
        ),
        {"user_id": user_id, "purpose": purpose, "granted": granted, "at": at},
    )


async def read_consent(session: AsyncSession, user_id: UUID, purpose: str) -> bool | None:
    """Return a user's decision for a purpose, None when there is none."""
    statement = text("select granted from user_consents where user_id = :user_id and purpose = :purpose")
    return (await session.execute(statement, {"user_id": user_id, "purpose": purpose})).scalar_one_or_none()


async def lock_privacy(session: AsyncSession, user_id: UUID) -> None:
    """Let no other transaction ask for an export or erasure of this user until this one ends."""
    await session.execute(
        text("select pg_advisory_xact_lock(7102, hashtext(cast(:user_id as text)))"), {"user_id": str(user_id)}
    )


async def list_exports(session: AsyncSession, user_id: UUID, limit: int) -> Sequence[RowMapping]:
    """Return the user's newest exports."""
    return (await session.execute(_EXPORTS, {"user_id": user_id, "limit": limit})).mappings().all()


async def find_export(session: AsyncSession, export_id: UUID) -> RowMapping | None:
    """Return an export that the session may see, or None."""
    return (await session.execute(_FIND_EXPORT, {"id": export_id})).mappings().one_or_none()


async def insert_export(session: AsyncSession, export_id: UUID, user_id: UUID, at: datetime) -> None:
    """Note that an export was asked for."""
    await session.execute(
        text("insert into data_exports (id, user_id, requested_at) values (:id, :user_id, :at)"),
        {"id": export_id, "user_id": user_id, "at": at},
    )


async def lock_export(session: AsyncSession, export_id: UUID) -> bool:
    """Let no other worker make this file until the transaction ends; return False when one does already."""
    statement = text("select pg_try_advisory_xact_lock(7103, hashtext(cast(:id as text)))")
    return (await session.execute(statement, {"id": str(export_id)})).scalar_one()


async def begin_export(session: AsyncSession, export_id: UUID, tables: int, rows: int, at: datetime) -> None:
    """Note that the file is being made (again), and how much there is to do."""
    await session.execute(
        text(
            "update data_exports set status = 'running', step = '', tables_done = 0, tables_total = :tables,"
            " rows_written = 0, rows_total = :rows, started_at = :at, problem = null where id = :id"
        ),
        {"id": export_id, "tables": tables, "rows": rows, "at": at},
    )


async def note_progress(session: AsyncSession, export_id: UUID, step: str, tables_done: int, rows_written: int) -> None:
    """Note how far the file is: the table that was read last, how many are done, and how many rows."""
    await session.execute(
        text("update data_exports set step = :step, tables_done = :tables, rows_written = :rows where id = :id"),
        {"id": export_id, "step": step, "tables": tables_done, "rows": rows_written},
    )


async def delete_parts(session: AsyncSession, export_id: UUID) -> None:
    """Delete what is stored of a file."""
    await session.execute(text("delete from data_export_parts where export_id = :id"), {"id": export_id})


async def store_part(session: AsyncSession, export: RowMapping, number: int, content: bytes) -> None:
    """Keep one part of the file."""
    await session.execute(
        text(
            "insert into data_export_parts (export_id, part_number, user_id, content)"
            " values (:id, :number, :user_id, :content)"
        ),
        {"id": export["id"], "number": number, "user_id": export["user_id"], "content": content},
    )


async def finish_export(session: AsyncSession, export_id: UUID, size: int, at: datetime, expires_at: datetime) -> None:
    """Note that the file can be had."""
    await session.execute(
        text(
            "update data_exports set status = 'ready', size_bytes = :size, ready_at = :at, expires_at = :expires_at"
            " where id = :id"
        ),
        {"id": export_id, "size": size, "at": at, "expires_at": expires_at},
    )


async def fail_export(session: AsyncSession, export_id: UUID, problem: str) -> None:
    """Note that the file could not be made."""
    await session.execute(
        text("update data_exports set status = 'failed', problem = :problem where id = :id and status <> 'ready'"),
        {"id": export_id, "problem": problem[:200]},
    )


async def fail_hung_exports(session: AsyncSession, requested_before: datetime, problem: str) -> int:
    """Note of files that were asked for so long ago that they are not coming; return how many."""
    result = await session.execute(
        text(
            "update data_exports set status = 'failed', problem = :problem"
            " where status in ('waiting', 'running') and requested_at < :before returning id"
        ),
        {"before": requested_before, "problem": problem[:200]},
    )
    return len(result.all())


async def read_part(session: AsyncSession, export_id: UUID, number: int) -> bytes | None:
    """Return one part of the file, None after the last."""
    statement = text("select content from data_export_parts where export_id = :id and part_number = :number")
    content = (await session.execute(statement, {"id": export_id, "number": number})).scalar_one_or_none()
    return None if content is None else bytes(content)


async def delete_old_exports(session: AsyncSession, at: datetime, forgotten_before: datetime) -> int:
    """Delete the files whose time is over, and what failed long ago; return how many."""
    result = await session.execute(
        text(
            "delete from data_exports where expires_at <= :at or (status <> 'ready' and requested_at < :before)"
            " returning id"
        ),
        {"at": at, "before": forgotten_before},
    )
    return len(result.all())


async def find_erasure(session: AsyncSession, user_id: UUID) -> RowMapping | None:
    """Return when the user's erasure was asked for and when it is due, or None."""
    statement = text("select requested_at, due_at from erasure_requests where user_id = :user_id")
    return (await session.execute(statement, {"user_id": user_id})).mappings().one_or_none()


async def insert_erasure(session: AsyncSession, user_id: UUID, at: datetime, due_at: datetime) -> bool:
    """Note that the account shall be erased; return False when that was noted already."""
    result = await session.execute(
        text(
            "insert into erasure_requests (user_id, requested_at, due_at) values (:user_id, :at, :due_at)"
            " on conflict (user_id) do nothing returning user_id"
        ),
        {"user_id": user_id, "at": at, "due_at": due_at},
    )
    return result.first() is not None


async def delete_erasure(session: AsyncSession, user_id: UUID) -> bool:
    """Take the wish back; return whether there was one."""
    result = await session.execute(
        text("delete from erasure_requests where user_id = :user_id returning user_id"), {"user_id": user_id}
    )
    return result.first() is not None


async def due_erasures(session: AsyncSession, at: datetime, limit: int) -> list[UUID]:
    """Return whose days of grace are over (role premium_worker)."""
    statement = text("select user_id from erasure_requests where due_at <= :at order by due_at limit :limit")
    return list((await session.execute(statement, {"at": at, "limit": limit})).scalars())


async def erase_user(session: AsyncSession, user_id: UUID) -> None:
    """Remove or make anonymous every row of a user whose erasure is due (role premium_worker)."""
    await session.execute(text("select erase_user(:user_id)"), {"user_id": user_id})


# What nobody proved to be theirs: no confirmed address, nothing linked (which needs one), nothing ever paid. Whoever
# was given a plan is somebody; whoever asked to be erased has days of grace.
_UNCONFIRMED = """
  u.email is not null and u.email_verified_at is null and u.wallet_address is null and u.tier = 'free'
  and not exists (select from user_wallets w where w.user_id = u.id)
  and not exists (select from user_identities i where i.user_id = u.id)
  and not exists (select from subscriptions s where s.user_id = u.id)
  and not exists (select from billing_customers c where c.user_id = u.id)
  and not exists (select from erasure_requests r where r.user_id = u.id)
"""
_OLD_UNCONFIRMED = text(
    f"select u.id from premium_users u where u.created_at < :before and u.id > :after and {_UNCONFIRMED}"  # noqa: S608 - our own words
    " order by u.id limit :limit"
)
_LOCK_USER = text("select from premium_users where id = :user_id for update")
_TIME_IS_UP = text(
    "insert into erasure_requests (user_id, requested_at, due_at) select u.id, :at, u.created_at from premium_users u"  # noqa: S608 - our own words
    f" where u.id = :user_id and u.created_at < :before and {_UNCONFIRMED} returning user_id"
)
_MADE_UNCONFIRMED = text(f"select u.created_at from premium_users u where u.id = :user_id and {_UNCONFIRMED}")  # noqa: S608 - our own words


async def old_unconfirmed(session: AsyncSession, before: datetime, after: UUID, limit: int) -> list[UUID]:
    """Return accounts made before a time that nobody proved to be theirs, by id, from the one after `after` on."""
    values = {"before": before, "after": after, "limit": limit}
    return list((await session.execute(_OLD_UNCONFIRMED, values)).scalars())


async def make_due_if_unconfirmed(session: AsyncSession, user_id: UUID, before: datetime, at: datetime) -> bool:
    """Make the erasure of such an account due now; return False when it is not such a one (any more).

    Nothing that would keep it can come about until the transaction ends (role premium_worker).
    """
    # What was committed while it waited is seen by the next statement.
    await session.execute(_LOCK_USER, {"user_id": user_id})
    row = await session.execute(_TIME_IS_UP, {"user_id": user_id, "before": before, "at": at})
    return row.first() is not None


async def unconfirmed_since(session: AsyncSession, user_id: UUID) -> datetime | None:
    """Return when the account was made if nobody proved yet that it is theirs, else None."""
    return (await session.execute(_MADE_UNCONFIRMED, {"user_id": user_id})).scalar_one_or_none()


async def find_account(session: AsyncSession, user_id: UUID) -> dict[str, Any] | None:
    """Return the account's e-mail and tier (role premium_worker), or None."""
    row = (
        await session.execute(text("select email, tier from premium_users where id = :id"), {"id": user_id})
    ).mappings()
    found = row.one_or_none()
    return dict(found) if found else None


async def has_password(session: AsyncSession, user_id: UUID) -> bool:
    """Return whether the account has a password."""
    statement = text("select password_hash is not null from premium_users where id = :id")
    return bool((await session.execute(statement, {"id": user_id})).scalar_one_or_none())
