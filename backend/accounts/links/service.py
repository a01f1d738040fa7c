"""Making and following mailed links.

The token stands after the `#` of the address, which no browser sends to a server: it is in no log and no referrer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.links import repository
from backend.accounts.links.repository import FoundLink, UsedLink
from backend.accounts.sessions.service import token_hash
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.ids import new_id, new_token
from backend.core.settings import Settings

Purpose = Literal["verify", "reset", "change_email"]


@dataclass(frozen=True, slots=True)
class _Kind:
    page: str
    lifetime: timedelta
    valid_for: str
    newest_only: bool


_KINDS: dict[str, _Kind] = {
    "verify": _Kind("/verify-email/", timedelta(hours=24), "24 hours", newest_only=False),
    "reset": _Kind("/reset-password/", timedelta(hours=1), "one hour", newest_only=True),
    "change_email": _Kind("/verify-email/", timedelta(hours=24), "24 hours", newest_only=True),
}


class LinkError(InvalidInputError):
    """The link is unknown, was used already, or is too old."""

    code = "LINK_INVALID"

    def __init__(self) -> None:
        super().__init__("This link was used already or is too old. Ask for another one.", {"token": "is not valid"})


def valid_for(purpose: Purpose) -> str:
    """Return how long a link works, in words."""
    return _KINDS[purpose].valid_for


async def make_link(
    session: AsyncSession,
    settings: Settings,
    user_id: UUID,
    email: str,
    purpose: Purpose,
    browser_mark: str | None = None,
) -> str:
    """Return the address of a fresh link for `user_id`, which is to be sent to `email` and nowhere else."""
    kind, token, now = _KINDS[purpose], new_token(), utc_now()
    if kind.newest_only:
        await repository.delete_links(session, user_id, purpose)
    await repository.insert_link(
        session,
        {
            "id": new_id(),
            "user_id": user_id,
            "purpose": purpose,
            "token_hash": token_hash(token),
            "email": email,
            "browser_mark": browser_mark,
            "created_at": now,
            "expires_at": now + kind.lifetime,
        },
    )
    return f"{settings.app_url}{kind.page}#{token}"


async def find_link(database: Database, token: str, *purposes: Purpose) -> FoundLink:
    """Return the link with this token, which must be of one of the purposes. Raises LinkError."""
    async with database.unit_of_work() as session:
        found = await repository.find_link(session, token_hash(token))
    if found is None or found.purpose not in purposes:
        raise LinkError
    return found


async def peek_link(session: AsyncSession, found: FoundLink) -> UsedLink:
    """Return what a link says without using it up (in its user's unit of work). Raises LinkError."""
    link = await repository.peek_link(session, found.id, utc_now())
    if link is None:
        raise LinkError
    return link


async def use_link(session: AsyncSession, found: FoundLink) -> UsedLink:
    """Use a link up (in its user's unit of work): of two at once, one gets it. Raises LinkError."""
    used = await repository.use_link(session, found.id, utc_now())
    if used is None:
        raise LinkError
    return used
