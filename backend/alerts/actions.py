"""What a rule does when it fires: the actions a user may name, checked before they are stored."""

from collections.abc import Sequence
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import repository
from backend.alerts.schemas import RULE_ACTIONS, AlertAction
from backend.core.destinations import DestinationError, normalise_destination
from backend.core.errors import InvalidInputError
from backend.core.settings import get_settings


async def checked_actions(
    session: AsyncSession, user_id: UUID, rule_id: UUID | None, actions: Sequence[AlertAction]
) -> list[dict[str, Any]]:
    """Return the actions to store, each once: webhooks with a destination that may be used, rules of the same user.

    `rule_id` is the rule they belong to, None for a new one. Raises InvalidInputError.
    """
    checked: list[dict[str, Any]] = []
    for action in actions:
        entry: dict[str, Any] = {"type": action.type}
        if action.type == "webhook":
            entry["destination"] = _destination(action.destination)
        elif action.type in RULE_ACTIONS:
            entry["ruleId"] = str(await _rule(session, user_id, rule_id, action))
        if entry not in checked:
            checked.append(entry)
    return checked


def is_automated(guard: Any, actions: Sequence[dict[str, Any]], else_actions: Sequence[dict[str, Any]]) -> bool:
    """Return whether a rule does more than tell: it has a guard, other actions else, or acts on rules."""
    return bool(guard or else_actions) or any(action["type"] in RULE_ACTIONS for action in actions)


async def _rule(session: AsyncSession, user_id: UUID, rule_id: UUID | None, action: AlertAction) -> UUID:
    if action.rule_id is None:
        _refuse("Say which rule to act on.")
    if action.rule_id == rule_id and action.type != "disable_rule":
        _refuse("A rule cannot start itself. It may pause itself.")
    if await repository.find_rule(session, user_id, action.rule_id) is None:
        _refuse("There is no such rule. It may have been deleted.")
    return action.rule_id


def _refuse(message: str) -> NoReturn:
    raise InvalidInputError("An action of the rule cannot be accepted.", {"ruleId": message})


def _destination(url: str | None) -> str:
    if not url or not url.strip():
        raise InvalidInputError(
            "The webhook needs an address.", {"destination": "Give the https:// address to send the alert to."}
        )
    try:
        return normalise_destination(url, allow_private=get_settings().webhook_allow_private)
    except DestinationError as error:
        raise InvalidInputError(
            "The webhook address cannot be used.", {"destination": f"The address {error}."}
        ) from None
