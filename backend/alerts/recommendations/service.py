"""What is recommended to a user, and what they answered; in the caller's session (opened with the user's id)."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts import service as rules
from backend.alerts.recommendations import own, repository
from backend.alerts.recommendations.port import Context, Suggestion, providers
from backend.alerts.recommendations.schemas import RecommendationRead, Recommendations
from backend.alerts.schemas import RuleCreate, RuleRead, RuleUpdate
from backend.core.clock import utc_now
from backend.core.errors import NotFoundError
from backend.core.ids import derived_id

__all__ = ["RecommendationNotFoundError", "accept", "dismiss", "list_recommendations", "own"]

LOOK_BACK = timedelta(days=7)
MOST_SHOWN = 20
MOST_RULES = 200
_AT_ONCE = asyncio.Semaphore(2)


class RecommendationNotFoundError(NotFoundError):
    """Nothing like that is recommended (any more)."""

    code = "RECOMMENDATION_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("This is not recommended any more. Look at the list again.")


async def list_recommendations(session: AsyncSession, user: CurrentUser) -> Recommendations:
    """Return what is recommended as of now, without what was answered before; the weightiest first."""
    context = await _context(session, user)
    found = await _suggestions(context)
    return Recommendations(
        items=[_read(user, source, each) for source, each in found[:MOST_SHOWN]],
        since=context.since,
        as_of=context.now,
    )


async def accept(session: AsyncSession, user: CurrentUser, recommendation_id: UUID) -> RuleRead:
    """Do what is recommended and return the rule. Raises RecommendationNotFoundError, and what making a rule raises."""
    suggestion = await _find(session, user, recommendation_id)
    await repository.note_answer(session, user.id, recommendation_id, "accepted")
    if suggestion.rule_id is None:
        return await rules.create_rule(session, user, RuleCreate.model_validate(suggestion.rule))
    return await rules.update_rule(session, user, suggestion.rule_id, RuleUpdate.model_validate(suggestion.rule))


async def dismiss(session: AsyncSession, user: CurrentUser, recommendation_id: UUID) -> None:
    """Show a recommendation no more. Raises RecommendationNotFoundError."""
    await _find(session, user, recommendation_id)
    await repository.note_answer(session, user.id, recommendation_id, "dismissed")


async def _find(session: AsyncSession, user: CurrentUser, recommendation_id: UUID) -> Suggestion:
    for _, each in await _suggestions(await _context(session, user)):
        if _id(user, each) == recommendation_id:
            return each
    raise RecommendationNotFoundError


async def _context(session: AsyncSession, user: CurrentUser) -> Context:
    now = utc_now()
    page = await rules.list_rules(session, user, page_size=MOST_RULES)
    return Context(session, user, page.items, now - LOOK_BACK, now)


async def _suggestions(context: Context) -> list[tuple[str, Suggestion]]:
    answered = await repository.answered(context.session, context.user.id)
    found: list[tuple[str, Suggestion]] = []
    async with _AT_ONCE:
        for source, ask in providers().items():
            found += [(source, each) for each in await ask(context) if _id(context.user, each) not in answered]
    return sorted(found, key=lambda pair: (-pair[1].weight, pair[1].key))


def _id(user: CurrentUser, suggestion: Suggestion) -> UUID:
    return derived_id("recommendation", user.id, suggestion.key)


def _read(user: CurrentUser, source: str, each: Suggestion) -> RecommendationRead:
    return RecommendationRead(
        id=_id(user, each),
        kind=each.kind,
        source=source,
        title=each.title,
        reason=each.reason,
        numbers=dict(each.numbers),
        rule_id=each.rule_id,
        rule=dict(each.rule),
    )
