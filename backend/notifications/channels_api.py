"""`/v1/notifications`: channels, when one wants to be told, and how messages fared."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsAlerts, SignedIn, WritesAlerts, take_from_limit
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.limits import WEBHOOK_TEST_PER_MINUTE
from backend.api.resources import resources
from backend.core.schemas import ApiModel, Page
from backend.notifications import channel_service as channels
from backend.notifications import service
from backend.notifications.channel_schemas import (
    ChannelCreate,
    ChannelRead,
    ChannelsRead,
    NotificationSettingsRead,
)
from backend.notifications.schemas import DeliveryRead, DeliveryStatus

router = APIRouter(prefix="/v1/notifications", tags=["Notifications"], responses=SIGNED_IN_ERRORS)


class MessagesQuery(ApiModel):
    """Which messages to list."""

    model_config = ConfigDict(extra="forbid")

    status: DeliveryStatus | None = None
    channel: str | None = Field(default=None, max_length=20)
    alert_id: UUID | None = None
    rule_id: UUID | None = None
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=20, ge=1, le=100)


@router.get("/channels")
async def list_channels(user: SignedIn) -> Envelope[ChannelsRead]:
    """List where you are told. Targets are secrets: only what may be seen of them is answered."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        found = await channels.list_channels(session, user, held.settings)
    return ok(found)


@router.post("/channels", status_code=201, responses=errors(403, 409))
async def add_channel(user: SignedIn, body: ChannelCreate) -> Envelope[ChannelRead]:
    """Add a webhook or a Slack channel. Browsers, Telegram and Discord are linked from the page of channels."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        added = await channels.add_channel(session, user, body, held.settings)
    return ok(added)


@router.delete("/channels/{channel_id}", status_code=204, responses=errors(404))
async def remove_channel(user: SignedIn, channel_id: UUID) -> Response:
    """Remove a channel; what waits for it is dropped."""
    async with resources().database.unit_of_work(user.id) as session:
        await channels.remove_channel(session, user.id, channel_id)
    return Response(status_code=204)


async def _limited_tests(request: Request, user: SignedIn) -> None:
    await take_from_limit(request, WEBHOOK_TEST_PER_MINUTE, "channel-test", str(user.id))


@router.post(
    "/channels/{channel_id}/test",
    status_code=201,
    responses=errors(404, 409),
    dependencies=[Depends(_limited_tests)],
)
async def test_channel(user: SignedIn, channel_id: UUID) -> Envelope[DeliveryRead]:
    """Send a test message, once, and answer with what was asked and answered (`receipt`).

    Waits up to ten seconds; if it is still on its way then, ask for the delivery again.
    """
    database = resources().database
    async with database.unit_of_work(user.id) as session:
        message_id = await channels.start_test(session, user, channel_id)
    return ok(await channels.await_delivery(database, user.id, message_id))


@router.get("/settings")
async def read_settings(user: SignedIn) -> Envelope[NotificationSettingsRead]:
    """Read your quiet hours, digest and grouping."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await channels.read_settings(session, user.id)
    return ok(found)


@router.put("/settings")
async def change_settings(user: SignedIn, body: NotificationSettingsRead) -> Envelope[NotificationSettingsRead]:
    """Set your quiet hours, digest and grouping; what is left out gets its default."""
    async with resources().database.unit_of_work(user.id) as session:
        changed = await channels.change_settings(session, user.id, body)
    return ok(changed)


@router.get("/deliveries")
async def list_messages(user: ReadsAlerts, query: Annotated[MessagesQuery, Query()]) -> Envelope[Page[DeliveryRead]]:
    """List your messages on every channel, newest first; what is held says until when, what was bundled in which."""
    async with resources().database.unit_of_work(user.id) as session:
        page = await service.list_deliveries(
            session,
            user.id,
            query.status,
            query.page,
            query.page_size,
            channel=query.channel,
            alert_id=query.alert_id,
            rule_id=query.rule_id,
        )
    return ok(page)


@router.get("/deliveries/{delivery_id}", responses=errors(404))
async def read_message(user: ReadsAlerts, delivery_id: UUID) -> Envelope[DeliveryRead]:
    """Read one message with its receipt."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await channels.find_delivery(session, user.id, delivery_id)
    return ok(found)


@router.post("/deliveries/{delivery_id}/resend", responses=errors(404, 409))
async def resend_message(user: WritesAlerts, delivery_id: UUID) -> Envelope[DeliveryRead]:
    """Send a message again that is not on its way, under the same id; one that is held goes out now."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.resend(session, user.id, delivery_id)
    return ok(found)
