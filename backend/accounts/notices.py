"""Mails that tell an account's owner what was changed, when and from where: whoever it was, the owner hears of it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.sessions.device import device_name
from backend.core.clock import utc_now
from backend.core.origin import current_origin
from backend.core.settings import get_settings
from backend.notifications.service import send_mail

SECURITY_PAGE = "/settings/security/"
RESET_PAGE = "/forgot-password/"
_UNKNOWN = "a device that did not say its name"


async def tell_password_changed(session: AsyncSession, user_id: UUID, email: str) -> None:
    """Write the mail, if there is an address."""
    if email:
        values = {**_circumstances(), "link": get_settings().app_url + RESET_PAGE}
        await send_mail(session, user_id=user_id, to=email, template="password_changed", values=values)


async def tell_recovery_code_used(session: AsyncSession, user_id: UUID, email: str, left: int) -> None:
    """Write the mail, if there is an address."""
    if email:
        values = {**_circumstances(), "remaining": str(left), "link": get_settings().app_url + SECURITY_PAGE}
        await send_mail(session, user_id=user_id, to=email, template="sign_in_code_used", values=values)


async def tell_security(session: AsyncSession, user_id: UUID, email: str, what: str) -> None:
    """Write a mail about `what` was changed (a few words), if there is an address."""
    if email:
        values = {**_circumstances(), "what": what, "link": get_settings().app_url + SECURITY_PAGE}
        await send_mail(session, user_id=user_id, to=email, template="security_notice", values=values)


def _circumstances() -> dict[str, str]:
    origin = current_origin()
    device = device_name(origin.user_agent) or _UNKNOWN
    return {"when": f"{utc_now():%Y-%m-%d %H:%M} UTC", "device": f"{device}, {origin.ip}" if origin.ip else device}
