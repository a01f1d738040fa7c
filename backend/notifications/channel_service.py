"""A user's channels, what they want told where and when, and trying a channel out."""

import asyncio
import hashlib
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.schemas import CurrentUser
from backend.accounts.service import linked, require_verified
from backend.core.audit import audit
from backend.core.db import Database
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import derived_id, new_id
from backend.core.sealing import seal
from backend.core.settings import Settings
from backend.notifications import channels_repository as repository
from backend.notifications import repository as outbox
from backend.notifications.channel_schemas import (
    MOST_CHANNELS,
    ChannelCreate,
    ChannelKindRead,
    ChannelRead,
    ChannelsRead,
    NotificationSettingsRead,
    settings_read,
)
from backend.notifications.channels.port import Target
from backend.notifications.channels.registry import CHANNEL_NAMES, channel_class, channels_set_up
from backend.notifications.kinds import alert_kinds
from backend.notifications.schemas import EMAIL, TESTS, DeliveryRead, NewMessage

TYPED = ("webhook", "slack", "discord")
TEST_WAIT_SECONDS = 10.0
_REMOVED = "The channel was removed before this went out."
_TEST_TEXT = "This is a test message. This channel works."


def target_mark(channel: str, target: str) -> bytes:
    """Return what a target is known by without being told: for adding it once, and for bots to find who wrote."""
    return hashlib.sha256(f"{channel}\n{target}".encode()).digest()


def email_channel_id(user_id: UUID) -> UUID:
    """Return the id that a user's own address has among their channels."""
    return derived_id("email channel", user_id)


async def list_channels(session: AsyncSession, user: CurrentUser, settings: Settings) -> ChannelsRead:
    """Return the user's channels (their own address first), and which this server can serve."""
    items = [ChannelRead.model_validate(dict(row)) for row in await repository.list_channels(session, user.id)]
    if user.email:
        confirmed = await linked.has_confirmed_email(session, user)
        items.insert(0, _own_address(user, is_confirmed=confirmed))
    available = [
        ChannelKindRead(name=name, can_be_typed=name in TYPED, holds=channel_class(name).holds)
        for name in channels_set_up(settings)
    ]
    return ChannelsRead(items=items, available=available)


async def add_channel(session: AsyncSession, user: CurrentUser, data: ChannelCreate, settings: Settings) -> ChannelRead:
    """Add a channel whose target the user typed.

    Raises InvalidInputError on a wrong channel or target, ConflictError when it is there or there are MOST_CHANNELS,
    EmailNotVerifiedError while the account's address waits to be confirmed.
    """
    await require_verified(session, user)
    kind = channel_class(data.channel)
    if data.channel not in channels_set_up(settings):
        raise InvalidInputError("This channel is not set up here.", {"channel": "Choose another."})
    target = kind.check_target(data.target, settings)
    return await store_channel(session, user.id, data.channel, data.label, target)


async def store_channel(
    session: AsyncSession, user_id: UUID, channel: str, label: str, target: Target, status: str = "active"
) -> ChannelRead:
    """Add a channel whose target is known to be the user's (typed, or linked by a bot or a browser).

    Raises ConflictError when the user has it already, or has MOST_CHANNELS.
    """
    await repository.lock_user(session, user_id)
    if len(await repository.list_channels(session, user_id)) >= MOST_CHANNELS:
        raise ConflictError(f"You have {MOST_CHANNELS} channels. Remove one first.")
    channel_id = new_id()
    added = await repository.insert_channel(
        session,
        {
            "id": channel_id,
            "user_id": user_id,
            "channel": channel,
            "label": label,
            "sealed_target": seal(target.value),
            "target_mark": target_mark(channel, target.value),
            "shown_target": target.shown[:2000],
            "status": status,
        },
    )
    if not added:
        raise ConflictError("You have this channel already.")
    await audit(session, user_id, "channel.added", str(channel_id), {"channel": channel, "label": label})
    return await _channel(session, user_id, channel_id)


async def rename_channel(session: AsyncSession, user_id: UUID, channel_id: UUID, label: str) -> ChannelRead:
    """Give a channel another name. Raises InvalidInputError (details: `label`), NotFoundError."""
    name = " ".join(label.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InvalidInputError("This name cannot be used.", {"label": "Use 1 to 80 printable characters."})
    if not await repository.rename_channel(session, user_id, channel_id, name):
        raise NotFoundError("You have no such channel.")
    await audit(session, user_id, "channel.renamed", str(channel_id), {"label": name})
    return await _channel(session, user_id, channel_id)


async def remove_channel(session: AsyncSession, user_id: UUID, channel_id: UUID) -> None:
    """Remove a channel; what waits for it is dropped, and says so. Raises NotFoundError."""
    await outbox.drop_of_channel(session, user_id, channel_id, _REMOVED)
    row = await repository.delete_channel(session, user_id, channel_id)
    if row is None:
        raise NotFoundError("You have no such channel.")
    details = {"channel": row["channel"], "label": row["label"]}
    await audit(session, user_id, "channel.removed", str(channel_id), details)


async def start_test(session: AsyncSession, user: CurrentUser, channel_id: UUID) -> UUID:
    """Put a test message to a channel in line and return its delivery's id; it is tried once.

    Its delivery keeps all of what is asked and answered. Raises NotFoundError; ConflictError for an address that is
    not confirmed, or a channel that is not linked yet.
    """
    if user.email and channel_id == email_channel_id(user.id):
        if not await linked.has_confirmed_email(session, user):
            raise ConflictError("Confirm your address first.")
        channel, shown, stored_id = EMAIL, user.email, None
    else:
        found = await _channel(session, user.id, channel_id)
        if found.status == "pending":
            raise ConflictError("This channel is not linked yet.")
        channel, shown, stored_id = found.channel, found.shown_target, channel_id
    message = NewMessage(
        user_id=user.id,
        channel=channel,
        channel_id=stored_id,
        destination=shown,
        event_type=TESTS.channel,
        payload={"message": _TEST_TEXT},
    )
    await outbox.insert_messages(session, [message])
    await audit(session, user.id, "channel.tested", str(channel_id), {"channel": channel})
    return message.id


async def await_delivery(
    database: Database, user_id: UUID, message_id: UUID, seconds: float = TEST_WAIT_SECONDS
) -> DeliveryRead:
    """Return a delivery once its try is over, or as it is after `seconds` (the dispatcher may be busy, or away)."""
    clock = asyncio.get_running_loop().time
    until, wait = clock() + seconds, 0.05
    while True:
        async with database.unit_of_work(user_id) as session:
            delivery = await find_delivery(session, user_id, message_id)
        if delivery.status not in ("pending", "sending") or clock() >= until:
            return delivery
        await asyncio.sleep(wait)
        wait = min(wait * 1.5, 0.5)


async def find_delivery(session: AsyncSession, user_id: UUID, message_id: UUID) -> DeliveryRead:
    """Return one of the user's messages. Raises NotFoundError."""
    row = await outbox.find_message(session, user_id, message_id)
    if row is None:
        raise NotFoundError("There is no such delivery.")
    return DeliveryRead.model_validate(row)


async def alert_choices(session: AsyncSession, user_id: UUID) -> dict[str, dict[str, bool]]:
    """Return by kind and channel whether alerts that say `notify` go there."""
    said = await repository.preferences(session, user_id)
    return {kind: {channel: said.get((kind, channel), True) for channel in CHANNEL_NAMES} for kind in alert_kinds()}


async def choose_alerts(
    session: AsyncSession, user_id: UUID, chosen: Mapping[str, Mapping[str, bool]]
) -> dict[str, dict[str, bool]]:
    """Change what goes where and return all of it; what is not named stays. Raises InvalidInputError."""
    kinds = alert_kinds()
    unknown = {
        f"{kind}.{channel}": "There is no such switch."
        for kind, channels in chosen.items()
        for channel in channels
        if kind not in kinds or channel not in CHANNEL_NAMES
    }
    if unknown:
        raise InvalidInputError("Some of these cannot be switched.", unknown)
    before = await alert_choices(session, user_id)
    changed = {
        (kind, channel): wanted
        for kind, channels in chosen.items()
        for channel, wanted in channels.items()
        if before[kind][channel] != wanted
    }
    if changed:
        await repository.set_preferences(session, user_id, changed)
        details = {f"{kind}.{channel}": wanted for (kind, channel), wanted in changed.items()}
        await audit(session, user_id, "alert_choices.changed", "", details)
    for (kind, channel), wanted in changed.items():
        before[kind][channel] = wanted
    return before


async def read_settings(session: AsyncSession, user_id: UUID) -> NotificationSettingsRead:
    """Return when the user wants to be told."""
    return settings_read(await repository.find_settings(session, user_id))


async def change_settings(
    session: AsyncSession, user_id: UUID, wanted: NotificationSettingsRead
) -> NotificationSettingsRead:
    """Set when the user wants to be told. What is held already goes out when it was to."""
    await repository.set_settings(session, user_id, wanted.rules())
    details = wanted.model_dump(mode="json", by_alias=True)
    await audit(session, user_id, "notification_settings.changed", "", details)
    return wanted


async def _channel(session: AsyncSession, user_id: UUID, channel_id: UUID) -> ChannelRead:
    row = await repository.find_channel(session, user_id, channel_id)
    if row is None:
        raise NotFoundError("You have no such channel.")
    return ChannelRead.model_validate(dict(row))


def _own_address(user: CurrentUser, *, is_confirmed: bool) -> ChannelRead:
    return ChannelRead(
        id=email_channel_id(user.id),
        channel=EMAIL,
        label="",
        shown_target=user.email,
        status="active" if is_confirmed else "pending",
        created_at=None,
        last_used_at=None,
        last_error=None,
    )
