"""Writing a mail: rendered and sealed at once, in the transaction of whoever sends it.

Rendered here and not when it is sent, so that a mistake is the caller's and a mail says what was true when it was
written; sealed, since it may hold links that open an account.
"""

from collections.abc import Mapping
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.ids import new_id
from backend.core.sealing import seal, unseal
from backend.core.settings import get_settings
from backend.notifications.mail import repository
from backend.notifications.mail.addresses import checked_address
from backend.notifications.mail.templates import Rendered, find_template, render


async def send_mail(
    session: AsyncSession, *, user_id: UUID | None, to: str, template: str, values: Mapping[str, str]
) -> UUID | None:
    """Put a mail in line in the session's transaction; return its id, None when the user switched such mails off.

    Raises TemplateError when there is no such template or it lacks a value, InvalidInputError on a bad address.
    """
    recipient = checked_address(to)
    found = find_template(template)
    content = sealed_content(render(found, values, get_settings().app_url))
    mail_id = new_id()
    written = await repository.write_mail(session, mail_id, user_id, recipient, template, found.optional, content)
    return mail_id if written else None


def sealed_content(mail: Rendered) -> bytes:
    """Return what a mail says, encrypted."""
    return seal(orjson.dumps({"subject": mail.subject, "html": mail.html, "text": mail.text}).decode())


def opened_content(content: bytes) -> Rendered:
    """Return what a sealed mail says. Raises UnavailableError when its key is gone."""
    return Rendered(**orjson.loads(unseal(content)))
