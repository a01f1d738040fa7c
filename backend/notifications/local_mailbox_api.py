"""`/dev/mail.json`: the local mailbox for programs, such as tests. Only where mails stay on this machine."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from backend.api.auth import public
from backend.api.envelope import Envelope, ok
from backend.api.resources import resources
from backend.core.errors import NotFoundError
from backend.core.schemas import ApiModel, Instant
from backend.notifications import service

router = APIRouter(include_in_schema=False)
MOST_SHOWN = 50


class LocalMailRead(ApiModel):
    """A mail of the local mailbox."""

    id: UUID
    recipient: str
    subject: str
    html: str
    plain: str
    received_at: Instant


@router.get("/dev/mail.json")
@public("only where mails stay on this machine")
async def list_local_mails(to: Annotated[str | None, Query(max_length=254)] = None) -> Envelope[list[LocalMailRead]]:
    """List the newest mails, all or those to one address. It asks for nobody: there is nothing here in production."""
    held = resources()
    if not service.shows_local_mailbox(held.settings):
        raise NotFoundError("There is nothing at this address.")
    async with held.database.unit_of_work() as session:
        mails = await service.list_local_mails(session, MOST_SHOWN, to)
    return ok([LocalMailRead.model_validate(dict(mail)) for mail in mails])
