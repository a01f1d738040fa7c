"""`/v1/notifications/pictures`: the picture of a message, for the browser that was pushed to."""

from fastapi import APIRouter, Depends, Response

from backend.api.auth import limited_by_address, public
from backend.api.envelope import errors
from backend.api.resources import resources
from backend.core.errors import NotFoundError
from backend.notifications import repository
from backend.notifications.pictures import picture_of
from backend.notifications.signed_pictures import message_of_token

router = APIRouter(prefix="/v1/notifications/pictures", tags=["Notifications"])


@router.get(
    "/{token}.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **errors(404, 429)},
    dependencies=[Depends(limited_by_address)],
)
@public("a notification loads it without a session; the token is signed and good for a day")
async def read_picture(token: str) -> Response:
    """Return the picture of what an alert is about, for as long as its address is good."""
    held = resources()
    named = message_of_token(held.settings, token)
    if named is None:
        raise NotFoundError("There is no such picture (any more).")
    user_id, message_id = named
    async with held.database.unit_of_work(user_id) as session:
        payload = await repository.find_payload(session, user_id, message_id)
        picture = await picture_of(session, payload) if payload else None
    if picture is None:
        raise NotFoundError("There is no such picture (any more).")
    return Response(picture.png, media_type="image/png")
