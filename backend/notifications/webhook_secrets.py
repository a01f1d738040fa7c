"""The keys that sign a user's webhooks: derived from SECRET_KEY until they are changed, stored sealed from then on."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import UnavailableError
from backend.core.ids import new_token
from backend.core.keys import derived_key
from backend.core.logging import get_logger
from backend.core.sealing import seal, unseal
from backend.core.settings import Settings, get_settings
from backend.notifications import webhook_secrets_repository as repository
from backend.notifications.schemas import WebhookSecret

log = get_logger(__name__)
SECRET_MARK = "whsec_"  # noqa: S105 - how secrets begin
_SECRET_VERSION = 1
_USERS_AT_ONCE = 1000


def webhook_secret(user_id: UUID, settings: Settings | None = None, version: int = _SECRET_VERSION) -> str:
    """Return the secret of a user who never changed it, `whsec_` and 43 characters; the whole text is the HMAC key."""
    key = derived_key((settings or get_settings()).secret_key, "webhook-secret")
    digest = hmac.new(key, f"{user_id}/{version}".encode(), hashlib.sha256).digest()
    return SECRET_MARK + base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def read_secret(session: AsyncSession, user_id: UUID, settings: Settings | None = None) -> WebhookSecret:
    """Return the secret that signs the user's webhooks, and until when the one before it does too."""
    row = (await repository.find_secrets(session, [user_id])).get(user_id)
    if row is None:
        return WebhookSecret(secret=webhook_secret(user_id, settings))
    until = row.old_valid_until
    is_live = row.sealed_old_secret is not None and until is not None and until > utc_now()
    return WebhookSecret(secret=unseal(row.sealed_secret), old_valid_until=until if is_live else None)


async def signing_secrets(
    session: AsyncSession, user_ids: Iterable[UUID], settings: Settings | None = None
) -> dict[UUID, tuple[str, ...]]:
    """Return by user the secrets that sign now: the newest, and the one before it while it is valid.

    None at all for a user whose stored secret no key of ours opens: their messages wait, those of others go.
    """
    wanted = set(user_ids)
    rows = await repository.find_secrets(session, wanted)
    now = utc_now()
    found: dict[UUID, tuple[str, ...]] = {}
    for user_id in wanted:
        row = rows.get(user_id)
        if row is None:
            found[user_id] = (webhook_secret(user_id, settings),)
            continue
        sealed = [row.sealed_secret]
        if row.sealed_old_secret is not None and row.old_valid_until is not None and row.old_valid_until > now:
            sealed.append(row.sealed_old_secret)
        try:
            found[user_id] = tuple(unseal(secret) for secret in sealed)
        except UnavailableError:
            log.error("a webhook secret cannot be read: its encryption key is missing", user_id=str(user_id))
            found[user_id] = ()
    return found


async def rotate_secret(
    session: AsyncSession, user_id: UUID, grace_hours: int, settings: Settings | None = None
) -> WebhookSecret:
    """Give the user another secret and return it; the present one signs too for `grace_hours` more."""
    now = utc_now()
    secret = SECRET_MARK + new_token()
    until = now + timedelta(hours=grace_hours) if grace_hours else None
    await repository.rotate(session, user_id, seal(secret), seal(webhook_secret(user_id, settings)), until, now)
    await audit(session, user_id, "webhook_secret.rotated", "", {"oldValidUntil": until})
    return WebhookSecret(secret=secret, old_valid_until=until)


async def keep_derived_secrets(session: AsyncSession, settings: Settings) -> int:
    """Store the secrets of users who never changed theirs (role premium_worker), so that SECRET_KEY may change.

    Some at a time: call it until it returns 0.
    """
    users = await repository.users_without_secret(session, _USERS_AT_ONCE)
    await repository.insert_secrets(session, {user: seal(webhook_secret(user, settings)) for user in users}, utc_now())
    return len(users)
