"""Messages to users: the outboxes that carry webhooks and mails, and the hub that feeds open pages."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.destinations import DestinationError, normalise_destination
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from backend.core.schemas import Page
from backend.core.settings import Settings, get_settings
from backend.notifications import holding_repository, repository
from backend.notifications.alerts import enqueue_alerts, enqueue_notices, enqueue_withdrawals
from backend.notifications.chat.words import Said, discord_markdown, telegram_html
from backend.notifications.kinds import AlertKinds, use_alert_kinds
from backend.notifications.live import LiveHub, Message
from backend.notifications.mail import repository as mails
from backend.notifications.mail.adapters import uses_local_mailbox
from backend.notifications.mail.addresses import checked_address
from backend.notifications.mail.outbox import send_mail
from backend.notifications.mail.port import Attachment
from backend.notifications.preferences import choose_mails, mail_choices
from backend.notifications.proven import add_proven_channel, remove_proven_channel
from backend.notifications.schemas import (
    GRACE_HOURS,
    TESTS,
    AlertNews,
    DeliveryRead,
    DeliveryStatus,
    HeldMessages,
    NewMessage,
    Notice,
    WebhookSecret,
    WebhookSecretRotate,
    WebhookTest,
)
from backend.notifications.webhook_secrets import (
    keep_derived_secrets,
    read_secret,
    rotate_secret,
    signing_secrets,
    webhook_secret,
)

__all__ = [
    "GRACE_HOURS",
    "TESTS",
    "AlertKinds",
    "AlertNews",
    "Attachment",
    "DeliveryRead",
    "DeliveryStatus",
    "HeldMessages",
    "LiveHub",
    "Message",
    "NewMessage",
    "Notice",
    "Said",
    "WebhookSecret",
    "WebhookSecretRotate",
    "WebhookTest",
    "add_proven_channel",
    "check_destination",
    "checked_address",
    "choose_mails",
    "discord_markdown",
    "enqueue",
    "enqueue_alerts",
    "enqueue_notices",
    "enqueue_test_webhook",
    "enqueue_withdrawals",
    "held_messages",
    "keep_derived_secrets",
    "list_deliveries",
    "list_local_mails",
    "live_hub",
    "mail_choices",
    "read_secret",
    "remove_proven_channel",
    "resend",
    "rotate_secret",
    "send_mail",
    "shows_local_mailbox",
    "signing_secrets",
    "telegram_html",
    "use_alert_kinds",
    "use_live_hub",
    "webhook_secret",
]

_hub: LiveHub | None = None


def use_live_hub(hub: LiveHub | None) -> None:
    """Set the hub of this process (by whoever owns the process's connections)."""
    global _hub
    _hub = hub


def live_hub() -> LiveHub:
    """Return the hub of this process. Raises UnavailableError before it was made."""
    if _hub is None:
        raise UnavailableError("Live updates are not running yet. Try again in a moment.")
    return _hub


def check_destination(url: str, allow_private: bool | None = None) -> str:
    """Return the normalised form of a URL that webhooks may go to.

    Raises InvalidInputError that says what is wrong: not http(s), not https outside the demo, credentials in it, or an
    address that is not public. Names are looked up when sending, and every address is checked again then.
    """
    allowed = get_settings().webhook_allow_private if allow_private is None else allow_private
    try:
        return normalise_destination(url, allow_private=allowed)
    except DestinationError as error:
        raise InvalidInputError("The webhook address cannot be used.", {"destination": str(error)}) from None


async def enqueue(session: AsyncSession, messages: Sequence[NewMessage]) -> int:
    """Put messages into the outbox, in the transaction that caused them; return how many were not there yet."""
    return await repository.insert_messages(session, messages)


async def enqueue_test_webhook(
    session: AsyncSession, user_id: UUID, destination: str, allow_private: bool | None = None
) -> DeliveryRead:
    """Put a test message for the user in line and return it. Raises InvalidInputError on a bad destination."""
    message = NewMessage(
        user_id=user_id,
        destination=check_destination(destination, allow_private),
        event_type=TESTS.webhook,
        payload={"message": "This is a test message. Your webhook works."},
    )
    await repository.insert_messages(session, [message])
    return await _delivery(session, user_id, message.id)


async def list_deliveries(
    session: AsyncSession,
    user_id: UUID,
    status: DeliveryStatus | None = None,
    page: int = 1,
    page_size: int = 20,
    *,
    channel: str | None = None,
    alert_id: UUID | None = None,
    rule_id: UUID | None = None,
) -> Page[DeliveryRead]:
    """Return one page of the user's messages, newest first: of one alert, or of one rule, if it is given."""
    wanted = {"status": status, "channel": channel, "alert_id": alert_id, "rule_id": rule_id}
    rows, total = await repository.list_messages(session, user_id, wanted, page_size, (page - 1) * page_size)
    return Page[DeliveryRead](
        items=[DeliveryRead.model_validate(row) for row in rows], total=total, page=page, page_size=page_size
    )


async def held_messages(session: AsyncSession, user_id: UUID) -> list[HeldMessages]:
    """Return what is held of the user's messages now, by reason and channel, what goes out first at the top."""
    return [HeldMessages.model_validate(dict(row)) for row in await holding_repository.count_held(session, user_id)]


async def resend(session: AsyncSession, user_id: UUID, message_id: UUID) -> DeliveryRead:
    """Send a message that is not on its way (again), with the same id; one that is held goes out now.

    Raises NotFoundError when the user has no such message, ConflictError while it is still on its way.
    """
    if not await repository.put_in_line_again(session, user_id, message_id):
        await _delivery(session, user_id, message_id)
        raise ConflictError("The message is still on its way.")
    return await _delivery(session, user_id, message_id)


def shows_local_mailbox(settings: Settings) -> bool:
    """Return whether anybody may read the mails of this run: in demo and tests, while none leaves the machine."""
    return uses_local_mailbox(settings) and settings.environment in ("demo", "test")


async def list_local_mails(session: AsyncSession, limit: int, recipient: str | None = None) -> list[RowMapping]:
    """Return the newest mails of the local mailbox: id, recipient, subject, html, plain, received_at."""
    return await mails.list_local(session, limit, recipient)


async def _delivery(session: AsyncSession, user_id: UUID, message_id: UUID) -> DeliveryRead:
    row = await repository.find_message(session, user_id, message_id)
    if row is None:
        raise NotFoundError("There is no such delivery.")
    return DeliveryRead.model_validate(row)
