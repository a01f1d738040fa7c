"""Which mails a user wants. Only kinds that some template names as `optional` can be switched off."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.audit import audit
from backend.core.errors import InvalidInputError
from backend.notifications.mail import repository
from backend.notifications.mail.templates import templates


def optional_kinds() -> tuple[str, ...]:
    """Return the kinds of mails that one may switch off, in order."""
    return tuple(sorted({template.optional for template in templates().values() if template.optional}))


async def mail_choices(session: AsyncSession, user_id: UUID) -> dict[str, bool]:
    """Return by kind whether the user gets such mails."""
    off = await repository.switched_off(session, user_id)
    return {kind: kind not in off for kind in optional_kinds()}


async def choose_mails(session: AsyncSession, user_id: UUID, choices: Mapping[str, bool]) -> dict[str, bool]:
    """Switch kinds of mails on or off and return all choices. Raises InvalidInputError on a kind that has no switch."""
    unknown = choices.keys() - set(optional_kinds())
    if unknown:
        raise InvalidInputError(
            "These mails cannot be switched off.", dict.fromkeys(sorted(unknown), "There is no such switch.")
        )
    before = await mail_choices(session, user_id)
    changed = {kind: wanted for kind, wanted in choices.items() if before[kind] != wanted}
    for kind, wanted in changed.items():
        await (repository.switch_on if wanted else repository.switch_off)(session, user_id, kind)
    if changed:
        await audit(session, user_id, "mail_choices.changed", "", dict(changed))
    return before | changed
