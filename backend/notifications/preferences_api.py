"""`/v1/notifications/preferences`: which mails of the product one gets, and which alerts through which channel."""

from fastapi import APIRouter

from backend.accounts.service import linked
from backend.api.auth import SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.notifications import channel_service as channels
from backend.notifications import service
from backend.notifications.schemas import MailChoices, MailChoicesChange

router = APIRouter(prefix="/v1/notifications", tags=["Notifications"], responses=SIGNED_IN_ERRORS)


@router.get("/preferences")
async def read_mail_choices(user: SignedIn) -> Envelope[MailChoices]:
    """Read where mails go, which optional ones you get, and which alerts go through which channel.

    Mails about security and failed payments always come.
    """
    async with resources().database.unit_of_work(user.id) as session:
        choices = MailChoices(
            email=user.email,
            email_confirmed=await linked.has_confirmed_email(session, user),
            mails=await service.mail_choices(session, user.id),
            alerts=await channels.alert_choices(session, user.id),
        )
    return ok(choices)


@router.put("/preferences")
async def choose_mails(user: SignedIn, body: MailChoicesChange) -> Envelope[MailChoices]:
    """Switch optional mails, and alerts by kind and channel, on or off; what is left out stays as it is."""
    async with resources().database.unit_of_work(user.id) as session:
        choices = MailChoices(
            email=user.email,
            email_confirmed=await linked.has_confirmed_email(session, user),
            mails=await service.choose_mails(session, user.id, body.mails),
            alerts=await channels.choose_alerts(session, user.id, body.alerts),
        )
    return ok(choices)
