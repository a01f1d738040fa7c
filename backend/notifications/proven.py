"""Channels whose owner proved them: a chat that sent a code, a browser that subscribed. Nothing of them is typed."""

import hashlib
import hmac
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.ids import new_id
from backend.core.keys import derived_key
from backend.core.sealing import seal
from backend.core.settings import Settings
from backend.notifications import channels_repository


def target_mark(settings: Settings, channel: str, target: str) -> bytes:
    """Return by what a target is known to be there already: a keyed hash, since targets are stored sealed."""
    key = derived_key(settings.secret_key, "targets of channels")
    return hmac.new(key, f"{channel}:{target}".encode(), hashlib.sha256).digest()


async def add_proven_channel(
    session: AsyncSession,
    settings: Settings,
    user_id: UUID,
    channel: str,
    label: str,
    target: str,
    shown: str,
    mark_of: str | None = None,
) -> UUID:
    """Add a channel that works from now on, or let the user's with this target work again; return its id.

    `mark_of` is the part of the target that stays when the rest changes (its address); without it, all of it.
    """
    mark = target_mark(settings, channel, mark_of or target)
    channel_id = new_id()
    values = {
        "id": channel_id,
        "user_id": user_id,
        "channel": channel,
        "label": label[:80],
        "sealed_target": seal(target),
        "target_mark": mark,
        "shown_target": shown[:200],
        "status": "active",
    }
    if await channels_repository.insert_channel(session, values):
        return channel_id
    return await channels_repository.revive(session, user_id, channel, mark)


async def remove_proven_channel(session: AsyncSession, user_id: UUID, channel_id: UUID) -> bool:
    """Remove a channel of the user's, and with it who may speak for them there; return whether there was one."""
    return await channels_repository.delete_channel(session, user_id, channel_id) is not None
