"""What a user may know, take along, allow and have forgotten (GDPR articles 7, 15, 17 and 20).

Every function works in the caller's session and commits nothing. The work itself is done by jobs (tasks.py).
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, device_name
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, RateLimitError
from backend.core.ids import new_id
from backend.core.jobs import defer
from backend.core.retention import kept
from backend.core.schemas import Page
from backend.core.settings import get_settings
from backend.notifications.service import send_mail
from backend.privacy import repository
from backend.privacy.erasing import erasure_step, when_erasure_is_asked
from backend.privacy.exporting import held_elsewhere
from backend.privacy.schemas import (
    CONSENT_COOKIE,
    ERASURE_WORD,
    GRACE_DAYS,
    AuditEntry,
    ErasureRead,
    ExportRead,
)

__all__ = [
    "CONSENT_COOKIE",
    "ERASURE_WORD",
    "GRACE_DAYS",
    "AuditEntry",
    "ErasureRead",
    "ExportRead",
    "cancel_erasure",
    "consent_of",
    "decide_consent",
    "erased_unless_confirmed",
    "erasure_of",
    "erasure_step",
    "export_part",
    "has_password",
    "held_elsewhere",
    "is_being_made",
    "list_audit",
    "list_exports",
    "open_export",
    "request_erasure",
    "request_export",
    "seconds_left",
    "when_erasure_is_asked",
]

ANALYTICS = "analytics"
EXPORT_TASK = "privacy.make_export"
PREPARE_TASK = "privacy.prepare_erasure"
EXPORTS_A_DAY = 3
EXPORTS_SHOWN = 10
# A file that takes longer is not coming; another may be asked for.
HUNG_AFTER = timedelta(hours=3)
_TELLS_AFTER_SECONDS = 2.0


async def list_audit(session: AsyncSession, user: CurrentUser, page: int = 1, page_size: int = 20) -> Page[AuditEntry]:
    """Return one page of what was logged of the user, newest first."""
    rows, total = await repository.list_audit(session, user.id, page_size, (page - 1) * page_size)
    items = [AuditEntry.model_validate({**row, "device": device_name(row["user_agent"])}) for row in rows]
    return Page[AuditEntry](items=items, total=total, page=page, page_size=page_size)


async def decide_consent(session: AsyncSession, user: CurrentUser, analytics: bool) -> None:
    """Keep whether the user allows analytics cookies."""
    before = await repository.read_consent(session, user.id, ANALYTICS)
    if before == analytics:
        return
    await repository.write_consent(session, user.id, ANALYTICS, analytics, utc_now())
    await audit(session, user.id, "consent.given" if analytics else "consent.refused", ANALYTICS)


async def consent_of(session: AsyncSession, user: CurrentUser) -> bool | None:
    """Return whether the user allows analytics cookies, None when nothing was decided."""
    return await repository.read_consent(session, user.id, ANALYTICS)


async def request_export(session: AsyncSession, user: CurrentUser) -> ExportRead:
    """Put the making of a file with everything of the user in line.

    Raises ConflictError while one is being made, RateLimitError after EXPORTS_A_DAY within a day.
    """
    await repository.lock_privacy(session, user.id)
    now = utc_now()
    recent = [
        row
        for row in await repository.list_exports(session, user.id, 50)
        if now - row["requested_at"] < timedelta(days=1)
    ]
    if any(is_being_made(ExportRead.model_validate(dict(row)), now) for row in recent):
        raise ConflictError("Your file is being made already. It will be here in a moment.")
    if len(recent) >= EXPORTS_A_DAY:
        wait = int((recent[EXPORTS_A_DAY - 1]["requested_at"] + timedelta(days=1) - now).total_seconds()) + 1
        raise RateLimitError(
            f"You can ask for {EXPORTS_A_DAY} files a day. Take one of those that are here.", {"retryAfter": wait}
        )
    export_id = new_id()
    await repository.insert_export(session, export_id, user.id, now)
    await defer(session, EXPORT_TASK, export_id=str(export_id))
    await audit(session, user.id, "data_export.requested", str(export_id))
    return await _export(session, user, export_id)


async def list_exports(session: AsyncSession, user: CurrentUser) -> list[ExportRead]:
    """Return the user's newest exports."""
    rows = await repository.list_exports(session, user.id, EXPORTS_SHOWN)
    return [ExportRead.model_validate(dict(row)) for row in rows]


def is_being_made(export: ExportRead, now: datetime) -> bool:
    """Return whether the file is still to come."""
    return export.status in ("waiting", "running") and now - export.requested_at < HUNG_AFTER


def seconds_left(export: ExportRead, now: datetime) -> int | None:
    """Return how long the rest of the rows will take at the speed so far; None when too little is done to tell."""
    if export.status != "running" or export.started_at is None or not export.rows_written:
        return None
    took = (now - export.started_at).total_seconds()
    if took < _TELLS_AFTER_SECONDS:
        return None
    return max(1, round(took * (export.rows_total - export.rows_written) / export.rows_written))


async def open_export(session: AsyncSession, user: CurrentUser, export_id: UUID) -> ExportRead:
    """Return an export whose file the user is about to get, and note it.

    Raises NotFoundError when it is not the user's or its time is over, ConflictError while it is being made.
    """
    export = await _export(session, user, export_id)
    if export.status in ("waiting", "running"):
        raise ConflictError("The file is still being made.")
    if export.status != "ready" or export.expires_at is None or export.expires_at <= utc_now():
        raise NotFoundError("There is no such file any more. Ask for a new one.")
    await audit(session, user.id, "data_export.downloaded", str(export_id))
    return export


async def export_part(session: AsyncSession, export_id: UUID, number: int) -> bytes | None:
    """Return one part, from 0, of a file that the session's user owns; None after the last."""
    return await repository.read_part(session, export_id, number)


async def _export(session: AsyncSession, user: CurrentUser, export_id: UUID) -> ExportRead:
    row: RowMapping | None = await repository.find_export(session, export_id)
    if row is None or row["user_id"] != user.id:
        raise NotFoundError("There is no such export.")
    return ExportRead.model_validate(dict(row))


async def has_password(session: AsyncSession, user: CurrentUser) -> bool:
    """Return whether the user can prove who they are by a password."""
    return await repository.has_password(session, user.id)


async def erasure_of(session: AsyncSession, user: CurrentUser) -> ErasureRead:
    """Return whether and when the account will be erased."""
    row = await repository.find_erasure(session, user.id)
    if row is None:
        return ErasureRead(scheduled=False)
    return ErasureRead(scheduled=True, requested_at=row["requested_at"], due_at=row["due_at"])


async def erased_unless_confirmed(session: AsyncSession, user: CurrentUser) -> datetime | None:
    """Return when the account of the unit of work's user is erased if its address is not confirmed; None: it is not."""
    made = await repository.unconfirmed_since(session, user.id)
    return None if made is None else made + kept("premium_users, never confirmed")


async def request_erasure(session: AsyncSession, user: CurrentUser, word: str, proven: bool) -> ErasureRead:
    """Have the account erased after GRACE_DAYS. Asking twice changes nothing.

    `proven`: the edge saw the password, or a sign-in of the last minutes. Raises InvalidInputError when the word is
    another, ForbiddenError without proof.
    """
    if word.strip().lower() != ERASURE_WORD:
        raise InvalidInputError("Type the word to confirm.", {"word": f"Type the word {ERASURE_WORD}."})
    if not proven:
        raise ForbiddenError("Give your password, or sign in again and come back within ten minutes.")
    now = utc_now()
    due_at = now + timedelta(days=GRACE_DAYS)
    if await repository.insert_erasure(session, user.id, now, due_at):
        await audit(session, user.id, "account.erasure_requested", "", {"dueAt": due_at})
        await defer(session, PREPARE_TASK, user_id=str(user.id))
        if user.email:
            values = {"due_on": f"{due_at:%Y-%m-%d}", "link": f"{get_settings().app_url}/settings/privacy/"}
            await send_mail(session, user_id=user.id, to=user.email, template="erasure_scheduled", values=values)
    return await erasure_of(session, user)


async def cancel_erasure(session: AsyncSession, user: CurrentUser) -> ErasureRead:
    """Take the wish to be erased back."""
    if await repository.delete_erasure(session, user.id):
        await audit(session, user.id, "account.erasure_cancelled")
    return ErasureRead(scheduled=False)
