"""`/v1/tax/issues`, `/v1/tax/decisions` and `/v1/tax/rules`: what of your tax book is not settled, and settling it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsTax, WritesTax
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.tax.books import IssueKind
from backend.tax.review import service
from backend.tax.review.schemas import (
    Accept,
    Bulk,
    Decided,
    DecisionList,
    Dismiss,
    GiveWorth,
    IssueList,
    ReviewStamp,
    RuleCreate,
    RuleDeleted,
    RuleList,
    RulePreview,
    RulePreviewBody,
    RuleSaved,
    Undone,
)

router = APIRouter(prefix="/v1/tax", tags=["Tax"], responses=SIGNED_IN_ERRORS)


class IssueQuery(ApiModel):
    """Which issues to list."""

    model_config = ConfigDict(extra="forbid")

    kind: IssueKind | None = None
    asset: str | None = Field(default=None, max_length=140)
    wallet: str | None = Field(default=None, max_length=120)
    dismissed: bool = Field(default=False, description="Those that were put aside, instead of the open ones")
    cursor: str | None = Field(default=None, max_length=400)
    limit: int = Field(default=50, ge=1, le=200)


class PageQuery(ApiModel):
    """Where in a list."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(default=None, max_length=400)
    limit: int = Field(default=50, ge=1, le=200)


@router.get("/issues")
async def list_issues(user: ReadsTax, query: Annotated[IssueQuery, Query()]) -> Envelope[IssueList]:
    """List what is not settled, what most rests on first, with ways to settle it; counts and sums are of all of it."""
    kind = None if query.kind is None else query.kind.value
    wanted = service.Filter(kind, query.asset, query.wallet, query.dismissed)
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.issues_of(session, user, wanted, query.cursor, query.limit))


@router.post("/issues/review", status_code=202)
async def ask_review(user: WritesTax) -> Envelope[ReviewStamp]:
    """Have your book reviewed now, as happens by itself after every change."""
    async with resources().database.unit_of_work(user.id) as session:
        stamp = await service.stamp_of(session, user)
        await service.review_soon(session, user.id)
    return ok(stamp)


@router.post("/issues/bulk", responses=errors(404, 409))
async def settle_many(user: WritesTax, body: Bulk) -> Envelope[Decided]:
    """Follow the same sort of proposal for many issues, or put them aside; it is one decision to take back."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.settle_many(session, user, body))


@router.post("/issues/{issue_id}/accept", responses=errors(404, 409))
async def accept_proposal(user: WritesTax, issue_id: UUID, body: Accept) -> Envelope[Decided]:
    """Follow a proposal of an issue: its edits are written with your reason."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.accept(session, user, issue_id, body))


@router.post("/issues/{issue_id}/worth", responses=errors(404, 409))
async def give_worth(user: WritesTax, issue_id: UUID, body: GiveWorth) -> Envelope[Decided]:
    """Say what units were worth of which nobody knows it, and how you know."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.give_worth(session, user, issue_id, body))


@router.post("/issues/{issue_id}/dismiss", responses=errors(404))
async def dismiss_issue(user: WritesTax, issue_id: UUID, body: Dismiss) -> Envelope[Decided]:
    """Put an issue aside; what it is about stays as it is."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.dismiss(session, user, issue_id, body.reason))


@router.post("/issues/{issue_id}/restore", responses=errors(404))
async def restore_issue(user: WritesTax, issue_id: UUID) -> Envelope[ReviewStamp]:
    """Put a dismissed issue back among the open ones."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.restore(session, user, issue_id)
        return ok(await service.stamp_of(session, user))


@router.get("/decisions")
async def list_decisions(user: ReadsTax, query: Annotated[PageQuery, Query()]) -> Envelope[DecisionList]:
    """List what you decided, the newest first."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.decisions_of(session, user, query.cursor, query.limit))


@router.post("/decisions/{decision_id}/undo", responses=errors(404, 409))
async def undo_decision(user: WritesTax, decision_id: UUID) -> Envelope[Undone]:
    """Take a decision back; what you edited again since stays as it is."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.undo(session, user, decision_id))


@router.get("/rules")
async def list_rules(user: ReadsTax) -> Envelope[RuleList]:
    """List your rules for many transactions, the newest first: it decides where several are about the same one."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.list_rules(session, user))


@router.post("/rules/preview")
async def preview_rule(user: ReadsTax, body: RulePreviewBody) -> Envelope[RulePreview]:
    """See how many transactions a rule would change, before it is saved."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.preview_rule(session, user, body))


@router.post("/rules", status_code=201)
async def add_rule(user: WritesTax, body: RuleCreate) -> Envelope[RuleSaved]:
    """Make a rule: it decides what is there, and what comes later; your own edits win over it."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.add_rule(session, user, body))


@router.delete("/rules/{rule_id}", responses=errors(404))
async def delete_rule(user: WritesTax, rule_id: UUID) -> Envelope[RuleDeleted]:
    """Delete a rule; its transactions are as if it had never been."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.delete_rule(session, user, rule_id))
