"""`/v1/notifications/preferences`: which mails of the product one gets."""

from fastapi import APIRouter

from backend.accounts.service import linked
from backend.api.auth import SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.notifications import service
from backend.notifications.schemas import MailChoices, MailChoicesChange

router = APIRouter(prefix="/v1/notifications", tags=["Notifications"], responses=SIGNED_IN_ERRORS)


@router.get("/preferences")
async def read_mail_choices(user: SignedIn) -> Envelope[MailChoices]:
    """Read where mails go, and which optional ones you get. Mails about security and failed payments always come."""
    async with resources().database.unit_of_work(user.id) as session:
        choices = MailChoices(
            email=user.email,
            email_confirmed=await linked.has_confirmed_email(session, user),
            mails=await service.mail_choices(session, user.id),
        )
    return ok(choices)


@router.put("/preferences")
async def choose_mails(user: SignedIn, body: MailChoicesChange) -> Envelope[MailChoices]:
    """Switch optional mails on or off; kinds that are left out stay as they are."""
    async with resources().database.unit_of_work(user.id) as session:
        choices = MailChoices(
            email=user.email,
            email_confirmed=await linked.has_confirmed_email(session, user),
            mails=await service.choose_mails(session, user.id, body.mails),
        )
    return ok(choices)
