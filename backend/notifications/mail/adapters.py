"""Which way out the settings ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.core.db import Database
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.mail.local import LocalMail
from backend.notifications.mail.port import MailPort
from backend.notifications.mail.sendgrid import SendGridMail
from backend.notifications.mail.smtp import SmtpMail

TIMEOUT_SECONDS = 30.0


def uses_local_mailbox(settings: Settings) -> bool:
    """Return whether mails stay on this machine: no provider is set, and this is not production."""
    has_provider = settings.smtp_url.get_secret_value() or settings.sendgrid_api_key.get_secret_value()
    return not has_provider and settings.environment != "production"


@asynccontextmanager
async def mail_port(settings: Settings, database: Database) -> AsyncIterator[MailPort]:
    """Open the way out: SMTP_URL, else SENDGRID_API_KEY, else the local mailbox.

    Raises ValueError when SMTP_URL or MAIL_FROM cannot be read (production always has one of the two, see Settings).
    """
    if smtp_url := settings.smtp_url.get_secret_value():
        yield SmtpMail(smtp_url, settings.mail_from, TIMEOUT_SECONDS)
    elif settings.sendgrid_api_key.get_secret_value():
        # The address is the operator's own setting, so it may be one of a private network.
        async with OutgoingHttp(timeout_seconds=TIMEOUT_SECONDS, allow_private=True) as http:
            yield SendGridMail(http, settings.sendgrid_api_url, settings.sendgrid_api_key, settings.mail_from)
    else:
        yield LocalMail(database)
