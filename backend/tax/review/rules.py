"""Rules for many transactions: made after a preview, applied to what is there and to what comes, taken back whole."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.tax import repository as books
from backend.tax.records import edit_json, edit_of
from backend.tax.review import rules_repository as repository
from backend.tax.review.evidence import Seen, evidence, holding, seen_of
from backend.tax.review.matching import Matches, Rule, deciding, is_match, matches_json, matches_of
from backend.tax.review.schemas import (
    MatchesBody,
    RuleCreate,
    RuleDeleted,
    RuleList,
    RulePreview,
    RulePreviewBody,
    RuleRead,
    RuleSaved,
    SetsBody,
)
from backend.tax.review.soon import review_soon
from backend.tax.transactions import Edit, TaxTransaction

MOST_RULES = 200
EXAMPLES = 5
_READ_AT_ONCE = 2_000


async def decide_by_rules(session: AsyncSession, user_id: UUID, transactions: Sequence[TaxTransaction]) -> int:
    """Have the user's rules decide transactions that were just written; return of how many that is news.

    Call it under the book's lock: a rule that is made meanwhile would not see them.
    """
    rules = _rules(await repository.rules(session, user_id))
    if not rules:
        return 0
    return await _decide(session, user_id, transactions, rules)


@requires(Feature.TAX)
async def list_rules(session: AsyncSession, user: CurrentUser) -> RuleList:
    """Return the user's rules, the newest first, and how many transactions each decides."""
    rows = await repository.rules(session, user.id)
    items = [_read(rule, row.transactions) for rule, row in zip(_rules(rows), rows, strict=True)]
    return RuleList(items=items, total=len(items))


@requires(Feature.TAX)
async def preview_rule(session: AsyncSession, user: CurrentUser, wanted: RulePreviewBody) -> RulePreview:
    """Return what a rule would do if it were made now; it changes nothing."""
    sets = {rule.id: rule.sets for rule in _rules(await repository.rules(session, user.id))}
    then = wanted.sets.edit()
    about = changed = edited = 0
    examples: list[Seen] = []
    async for each in _about(session, user.id, wanted.matches.matches()):
        now = sets.get(each.rule_id) if each.rule_id is not None else None
        about, edited = about + 1, edited + (each.own is not None)
        if holding(each, then) != holding(each, now):
            changed += 1
            examples = [*examples[-EXAMPLES + 1 :], each]
    return RulePreview(
        transactions=about,
        changed=changed,
        edited=edited,
        examples=[evidence(each) for each in reversed(examples)],
    )


@requires(Feature.TAX)
async def add_rule(session: AsyncSession, user: CurrentUser, wanted: RuleCreate) -> RuleSaved:
    """Make a rule; it decides all transactions that it is about but what their own edits say, and those that come.

    Raises InvalidInputError when there are too many rules.
    """
    await books.lock(session, user.id)
    rows = await repository.rules(session, user.id)
    if len(rows) >= MOST_RULES:
        raise InvalidInputError(f"There are {MOST_RULES} rules already. Delete one that is not needed any more.")
    rule = Rule(
        id=new_id(),
        name=wanted.name,
        matches=wanted.matches.matches(),
        sets=wanted.sets.edit(),
        created_at=_made_at(rows),
    )
    await repository.insert_rule(
        session,
        {
            "id": rule.id,
            "user_id": user.id,
            "name": rule.name,
            "matches": matches_json(rule.matches),
            "sets": edit_json(rule.sets),
            "created_at": rule.created_at,
        },
    )
    # The newest decides whatever it is about.
    ids = [each.transaction.id async for each in _about(session, user.id, rule.matches)]
    decided = await repository.set_rules(session, user.id, dict.fromkeys(ids, rule.id))
    await audit(session, user.id, "tax_rule.made", rule.name, {"transactions": decided})
    await _changed(session, user.id)
    return RuleSaved(id=rule.id, transactions=decided)


@requires(Feature.TAX)
async def delete_rule(session: AsyncSession, user: CurrentUser, rule_id: UUID) -> RuleDeleted:
    """Delete a rule; what it decided is as if it had never been. Raises NotFoundError."""
    await books.lock(session, user.id)
    decided = seen_of(await repository.decided_by(session, user.id, rule_id))
    name = await repository.delete_rule(session, user.id, rule_id)
    if name is None:
        raise NotFoundError("There is no such rule. It may be deleted already.")
    rest = _rules(await repository.rules(session, user.id))
    await _decide(session, user.id, [each.transaction for each in decided], rest)
    await audit(session, user.id, "tax_rule.deleted", name, {"transactions": len(decided)})
    await _changed(session, user.id)
    return RuleDeleted(id=rule_id, transactions=len(decided))


async def _changed(session: AsyncSession, user_id: UUID) -> None:
    await books.bump(session, user_id)
    await review_soon(session, user_id)


async def _decide(
    session: AsyncSession, user_id: UUID, transactions: Sequence[TaxTransaction], rules: Sequence[Rule]
) -> int:
    found: dict[UUID, UUID | None] = {}
    for place, each in enumerate(transactions):
        rule = deciding(rules, each)
        found[each.id] = None if rule is None else rule.id
        if place % _READ_AT_ONCE == 0:
            await asyncio.sleep(0)  # a long history does not hold everybody else up
    return await repository.set_rules(session, user_id, found)


async def _about(session: AsyncSession, user_id: UUID, matches: Matches) -> AsyncIterator[Seen]:
    """Yield the transactions that a rule is about, in time."""
    after: tuple[datetime, UUID] | None = None
    while True:
        rows = await repository.candidates(session, user_id, matches, after, _READ_AT_ONCE)
        for each in seen_of(rows):
            after = (each.transaction.happened_at, each.transaction.id)
            if is_match(matches, each.transaction):
                yield each
        if len(rows) < _READ_AT_ONCE:
            return
        await asyncio.sleep(0)


def _made_at(rows: Sequence[Any]) -> datetime:
    """Return now, or a moment after the newest rule where the clock was set back: the rule made last decides."""
    now = utc_now()
    return max([now, *(row.created_at + timedelta(microseconds=1) for row in rows)])


def _rules(rows: Sequence[Any]) -> list[Rule]:
    return [
        Rule(
            id=row.id,
            name=row.name,
            matches=matches_of(row.matches),
            sets=edit_of(orjson.loads(row.sets)),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _read(rule: Rule, transactions: int) -> RuleRead:
    matches = {name: getattr(rule.matches, name) for name in MatchesBody.model_fields}
    return RuleRead(
        id=rule.id,
        name=rule.name,
        matches=MatchesBody(**matches),
        sets=sets_body(rule.sets),
        created_at=rule.created_at,
        transactions=transactions,
    )


def sets_body(edit: Edit) -> SetsBody:
    """Return an edit that may be said of many as the API has it."""
    return SetsBody(**{name: getattr(edit, name) for name in SetsBody.model_fields})
