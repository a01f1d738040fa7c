"""`/v1/notifications/push`: the key that browsers subscribe with, and their subscriptions."""

from fastapi import APIRouter, Request

from backend.accounts.service import device_name
from backend.api.auth import SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.notifications.push import service
from backend.notifications.push_schemas import PushEndpoint, PushKey, PushRegistered, PushRemoved, PushSubscribe

router = APIRouter(
    prefix="/v1/notifications/push", tags=["Notifications"], responses={**SIGNED_IN_ERRORS, **errors(404)}
)


@router.get("/key")
async def read_key(user: SignedIn) -> Envelope[PushKey]:
    """Read the key that a browser subscribes with (VAPID)."""
    return ok(PushKey(public_key=service.push_key(resources().settings)))


@router.post("/subscriptions", status_code=201)
async def subscribe(request: Request, user: SignedIn, body: PushSubscribe) -> Envelope[PushRegistered]:
    """Push alerts to this browser from now on. Sending the same subscription again changes nothing."""
    held = resources()
    device = device_name(request.headers.get("user-agent", ""))
    async with held.database.unit_of_work(user.id) as session:
        channel_id = await service.subscribe(
            session, held.settings, user.id, device, body.endpoint, body.keys, body.replaces
        )
    return ok(PushRegistered(channel_id=channel_id))


@router.post("/subscriptions/remove")
async def unsubscribe(user: SignedIn, body: PushEndpoint) -> Envelope[PushRemoved]:
    """Push to this browser no more."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        removed = await service.unsubscribe(session, held.settings, user.id, body.endpoint)
    return ok(PushRemoved(removed=removed))
