"""Writing a mail: rendered and sealed at once, in the transaction of whoever sends it.

Rendered here and not when it is sent, so that a mistake is the caller's and a mail says what was true when it was
written; sealed, since it may hold links that open an account.
"""

import base64
from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.ids import new_id
from backend.core.sealing import seal, unseal
from backend.core.settings import get_settings
from backend.notifications.mail import repository
from backend.notifications.mail.addresses import checked_address
from backend.notifications.mail.port import Attachment
from backend.notifications.mail.templates import Rendered, find_template, render


async def send_mail(
    session: AsyncSession,
    *,
    user_id: UUID | None,
    to: str,
    template: str,
    values: Mapping[str, str],
    attachments: Sequence[Attachment] = (),
) -> UUID | None:
    """Put a mail in line in the session's transaction; return its id, None when the user switched such mails off.

    Attachments are sealed with it: a few megabytes, not more.

    Raises TemplateError when there is no such template or it lacks a value, InvalidInputError on a bad address.
    """
    recipient = checked_address(to)
    found = find_template(template)
    content = sealed_content(render(found, values, get_settings().app_url), attachments)
    mail_id = new_id()
    written = await repository.write_mail(session, mail_id, user_id, recipient, template, found.optional, content)
    return mail_id if written else None


def sealed_content(mail: Rendered, attachments: Sequence[Attachment] = ()) -> bytes:
    """Return what a mail says and brings along, encrypted."""
    said: dict[str, object] = {"subject": mail.subject, "html": mail.html, "text": mail.text}
    if attachments:
        said["attachments"] = [
            [file.name, file.media_type, base64.b64encode(file.content).decode()] for file in attachments
        ]
    return seal(orjson.dumps(said).decode())


def opened_content(content: bytes) -> Rendered:
    """Return what a sealed mail says. Raises UnavailableError when its key is gone."""
    said = orjson.loads(unseal(content))
    return Rendered(said["subject"], said["html"], said["text"])


def opened_attachments(content: bytes) -> tuple[Attachment, ...]:
    """Return what a sealed mail brings along. Raises UnavailableError when its key is gone."""
    files = orjson.loads(unseal(content)).get("attachments", ())
    return tuple(Attachment(name, kind, base64.b64decode(data)) for name, kind, data in files)
