"""The review of a tax book: the one door for pages, the API, reports and whatever changes a book.

Reading is here; `settling` follows proposals and takes them back, `rules` are for many transactions.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.errors import InvalidInputError
from backend.core.money import plain
from backend.tax.book_service import settings_of
from backend.tax.books import Issue, IssueKind
from backend.tax.review import repository, rules_repository
from backend.tax.review.edits import lacking_worth, sort_of, suggested_rule
from backend.tax.review.evidence import Seen, evidence, seen_of
from backend.tax.review.records import Open, opens_of, proposal_key
from backend.tax.review.repository import Filter
from backend.tax.review.rules import add_rule, decide_by_rules, delete_rule, list_rules, preview_rule, sets_body
from backend.tax.review.schemas import (
    DecisionList,
    DecisionRead,
    IssueList,
    IssueRead,
    KindCount,
    MatchesBody,
    ProposalRead,
    ReviewStamp,
)
from backend.tax.review.settling import accept, dismiss, give_worth, restore, settle_many, undo
from backend.tax.review.soon import review_soon
from backend.tax.transactions import TransactionKind

__all__ = [
    "Answer",
    "Filter",
    "IssueKind",
    "OpenSummary",
    "TransactionKind",
    "accept",
    "add_rule",
    "answers_of",
    "choices_of",
    "decide_by_rules",
    "decisions_of",
    "delete_rule",
    "dismiss",
    "give_worth",
    "heads_of",
    "issues_of",
    "list_rules",
    "open_summary",
    "preview_rule",
    "restore",
    "review_soon",
    "settle_many",
    "stamp_of",
    "undo",
]
MOST_CHOICES = 200
MOST_EVIDENCE = 6
NOTHING = ReviewStamp(
    version=0,
    reviewed_version=0,
    reviewed_at=None,
    is_current=True,
    step=None,
    problem=None,
    open=0,
    dismissed=0,
)


@dataclass(frozen=True, slots=True)
class OpenSummary:
    """How much of a book rests on what is not settled: `at_stake` (reporting currency) is the sum of what is known,
    `unknown` of how many issues nobody knows it. As of `reviewed_at`; `is_current` when the book did not change since.
    """

    count: int
    by_kind: Mapping[IssueKind, int]
    at_stake: Decimal
    unknown: int
    reviewed_at: datetime | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A sort of proposal, how one of it is called, and how many issues it settles."""

    sort: str
    label: str
    issues: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What issues may be filtered by."""

    assets: Sequence[str]
    wallets: Sequence[str]


async def open_summary(session: AsyncSession, user_id: UUID) -> OpenSummary:
    """Return how much rests on open issues, as of the last review; whether the caller may ask is decided there."""
    counted = await repository.counts(session, user_id, Filter())
    stamp = _stamp(await repository.stamp(session, user_id))
    return OpenSummary(
        count=sum(row.issues for row in counted),
        by_kind={IssueKind(row.kind): row.issues for row in counted},
        at_stake=sum((row.at_stake for row in counted if row.at_stake is not None), Decimal(0)),
        unknown=sum(row.unknown for row in counted),
        reviewed_at=stamp.reviewed_at,
        is_current=stamp.is_current,
    )


@requires(Feature.TAX)
async def stamp_of(session: AsyncSession, user: CurrentUser) -> ReviewStamp:
    """Return how current the user's review is."""
    return _stamp(await repository.stamp(session, user.id))


@requires(Feature.TAX)
async def issues_of(
    session: AsyncSession, user: CurrentUser, wanted: Filter, cursor: str | None, limit: int
) -> IssueList:
    """Return issues from behind a cursor on, what most rests on first. Raises InvalidInputError for a bad cursor."""
    after = None if cursor is None else _place(cursor)
    rows = await repository.issues(session, user.id, wanted, after, limit + 1)
    found = opens_of(rows[:limit])
    more = _cursor(found[-1].issue) if len(rows) > limit else None
    return await _list(session, user, wanted, found, more)


@requires(Feature.TAX)
async def heads_of(session: AsyncSession, user: CurrentUser, wanted: Filter, limit: int) -> IssueList:
    """Return the first so many issues of every kind: for a page that shows all kinds."""
    found = opens_of(await repository.heads(session, user.id, wanted, limit))
    return await _list(session, user, wanted, found, None)


@requires(Feature.TAX)
async def answers_of(session: AsyncSession, user: CurrentUser, wanted: Filter) -> list[Answer]:
    """Return the sorts of proposals by which many of these issues can be settled at once, the most frequent first."""
    return [Answer(row.sort, row.label, row.issues) for row in await repository.answers(session, user.id, wanted)]


@requires(Feature.TAX)
async def choices_of(session: AsyncSession, user: CurrentUser) -> Choices:
    """Return the assets and wallets that there are issues about, the first MOST_CHOICES of both together."""
    rows = await repository.choices(session, user.id, MOST_CHOICES)
    return Choices(
        [row.value for row in rows if row.name == "asset"], [row.value for row in rows if row.name == "wallet"]
    )


@requires(Feature.TAX)
async def decisions_of(session: AsyncSession, user: CurrentUser, cursor: str | None, limit: int) -> DecisionList:
    """Return what was decided, the newest first. Raises InvalidInputError for a bad cursor."""
    before = None if cursor is None else _moment(cursor)
    rows = await repository.decisions(session, user.id, before, limit + 1)
    items = [DecisionRead.model_validate(row) for row in rows[:limit]]
    more = _pack([items[-1].made_at.isoformat(), str(items[-1].id)]) if len(rows) > limit else None
    return DecisionList(items=items, total=rows[0].total if rows else 0, next_cursor=more)


async def _list(
    session: AsyncSession, user: CurrentUser, wanted: Filter, found: Sequence[Open], next_cursor: str | None
) -> IssueList:
    counted = await repository.counts(session, user.id, wanted)
    by_kind = await repository.counts(session, user.id, replace(wanted, kind=None))
    ids = {id_ for each in found for id_ in _evidence_of(each.issue)}
    rows = await rules_repository.some_transactions(session, user.id, sorted(ids))
    there = {each.transaction.id: each for each in seen_of(rows)}
    return IssueList(
        items=[_read(each, there) for each in found],
        total=sum(row.issues for row in counted),
        by_kind=[
            KindCount(kind=row.kind, count=row.issues, at_stake=row.at_stake or Decimal(0), unknown=row.unknown)
            for row in sorted(by_kind, key=lambda row: list(IssueKind).index(IssueKind(row.kind)))
        ],
        at_stake=sum((row.at_stake for row in counted if row.at_stake is not None), Decimal(0)),
        currency=(await settings_of(session, user.id)).currency,
        review=_stamp(await repository.stamp(session, user.id)),
        next_cursor=next_cursor,
    )


def _read(found: Open, there: Mapping[UUID, Seen]) -> IssueRead:
    issue = found.issue
    own = None if issue.transaction_id is None else there.get(issue.transaction_id)
    return IssueRead(
        id=issue.id,
        kind=issue.kind,
        message=issue.message,
        happened_at=issue.happened_at,
        transaction_id=issue.transaction_id,
        asset=issue.asset,
        wallet=issue.wallet,
        amount=issue.amount,
        at_stake=issue.at_stake,
        dismissed_at=found.dismissed_at,
        lacks_worth=own is not None and bool(lacking_worth(own.transaction, own.own)),
        proposals=[_proposal(each, _like_others(issue, own)) for each in issue.proposals],
        evidence=[evidence(there[id_]) for id_ in _evidence_of(issue) if id_ in there],
    )


def _evidence_of(issue: Issue) -> list[UUID]:
    """Return the transactions to show with an issue: its own, those it may belong with and those a fix changes."""
    ids: dict[UUID, None] = {} if issue.transaction_id is None else {issue.transaction_id: None}
    for proposal in issue.proposals:
        ids |= dict.fromkeys([id_ for edit in proposal.edits.values() if (id_ := edit.matches) is not None])
    for proposal in issue.proposals:
        ids |= dict.fromkeys(sorted(proposal.edits))
    return list(ids)[:MOST_EVIDENCE]


def _like_others(issue: Issue, own: Seen | None) -> Seen | None:
    """Return what a rule could be about: none where a transaction is told twice, which says nothing of others."""
    return None if issue.kind is IssueKind.DUPLICATE else own


def _proposal(proposal: Any, own: Seen | None) -> ProposalRead:
    rule = None if own is None else suggested_rule(proposal, own.transaction)
    matches = None if rule is None else {name: getattr(rule[0], name) for name in MatchesBody.model_fields}
    return ProposalRead(
        key=proposal_key(proposal),
        sort=sort_of(proposal),
        label=proposal.label,
        transactions=len(proposal.edits),
        matches=next((edit.matches for edit in proposal.edits.values() if edit.matches is not None), None),
        rule_matches=None if matches is None else MatchesBody(**matches),
        rule_sets=None if rule is None else sets_body(rule[1]),
    )


def _stamp(row: Any) -> ReviewStamp:
    if row is None:
        return NOTHING
    return ReviewStamp(
        version=row.version,
        reviewed_version=row.reviewed_version,
        reviewed_at=row.reviewed_at,
        is_current=row.reviewed_version >= row.version,
        step=row.review_step,
        problem=row.review_problem,
        open=row.open,
        dismissed=row.dismissed,
    )


def _cursor(issue: Issue) -> str:
    weight = Decimal(1) if issue.at_stake is None else -issue.at_stake
    at = issue.happened_at
    return _pack([plain(weight), None if at is None else at.isoformat(), str(issue.id)])


def _place(cursor: str) -> tuple[Decimal, datetime, UUID]:
    try:
        weight, at, id_ = _unpack(cursor, 3)
        moment = datetime.fromisoformat(at if at is not None else "1970-01-01T00:00:00+00:00")
        value = Decimal(weight)
        if moment.tzinfo is None or not value.is_finite() or len(weight) > 120:
            raise ValueError(cursor)
        return value, moment, UUID(id_)
    except (ValueError, TypeError, AttributeError, InvalidOperation, binascii.Error):
        raise _no_cursor() from None


def _moment(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, id_ = _unpack(cursor, 2)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(cursor)
        return moment, UUID(id_)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise _no_cursor() from None


def _pack(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def _unpack(cursor: str, count: int) -> list[Any]:
    values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(cursor)
    return values


def _no_cursor() -> InvalidInputError:
    words = "Take the cursor from the answer before, as it is."
    return InvalidInputError("This is no cursor of this list.", {"cursor": words})
