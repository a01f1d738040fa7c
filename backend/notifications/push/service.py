"""Browsers that are pushed to: added and removed by the browser itself."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.audit import audit
from backend.core.errors import NotFoundError, TierLimitError
from backend.core.settings import Settings
from backend.notifications import channels_repository
from backend.notifications.channels.push import PushChannel
from backend.notifications.proven import add_proven_channel, target_mark
from backend.notifications.push import vapid
from backend.notifications.push.subscription import PushKeys, PushTarget
from backend.notifications.schemas import PUSH

MOST_BROWSERS = 20


def push_key(settings: Settings) -> str:
    """Return the key that browsers subscribe with. Raises NotFoundError where there is none."""
    if not vapid.is_configured(settings):
        raise NotFoundError("Push is not set up here.")
    return vapid.public_key(settings)


async def subscribe(
    session: AsyncSession,
    settings: Settings,
    user_id: UUID,
    device: str,
    endpoint: str,
    keys: PushKeys,
    replaces: str | None = None,
) -> UUID:
    """Push to a browser from now on and return its channel's id; the same endpoint again changes its keys.

    Raises InvalidInputError for an endpoint that may not be called, TierLimitError above 20 browsers.
    """
    push_key(settings)
    target = PushChannel.check_target(PushTarget(endpoint=endpoint, keys=keys).to_text(), settings)
    known = PushTarget.of_sealed(target.value).endpoint
    await channels_repository.lock_user(session, user_id)
    for old in {known, *([replaces] if replaces else [])}:
        await channels_repository.delete_by_mark(session, user_id, PUSH, target_mark(settings, PUSH, old))
    mine = [row for row in await channels_repository.list_channels(session, user_id) if row["channel"] == PUSH]
    if len(mine) >= MOST_BROWSERS:
        raise TierLimitError(f"At most {MOST_BROWSERS} browsers can be pushed to. Remove one first.")
    channel_id = await add_proven_channel(
        session, settings, user_id, PUSH, device, target.value, target.shown, mark_of=known
    )
    await audit(session, user_id, "push.subscribed", str(channel_id), {"device": device, "service": target.shown})
    return channel_id


async def unsubscribe(session: AsyncSession, settings: Settings, user_id: UUID, endpoint: str) -> bool:
    """Push to a browser no more; return whether it was the user's."""
    mark = target_mark(settings, PUSH, endpoint)
    removed = await channels_repository.delete_by_mark(session, user_id, PUSH, mark)
    if removed:
        await audit(session, user_id, "push.unsubscribed", "", {})
    return removed
