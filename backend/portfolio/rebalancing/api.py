"""`/v1/portfolio/target-allocation` and `/v1/portfolio/rebalancing`: what is wanted, and the trades that lead there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsPortfolio, SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.portfolio.rebalancing import service
from backend.portfolio.rebalancing.schemas import (
    AnswerRead,
    AnswerWrite,
    RebalancingRead,
    TargetDeleted,
    TargetList,
    TargetRead,
    TargetWrite,
)
from backend.portfolio.snapshots.service import latest

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)


class RebalancingQuery(ApiModel):
    """Which target to compare with."""

    model_config = ConfigDict(extra="forbid")

    target_id: UUID | None = Field(default=None, description="The active one when it is left out")


@router.get("/target-allocation")
async def list_targets(user: ReadsPortfolio) -> Envelope[TargetList]:
    """List your target allocations, the active one first."""
    async with resources().database.unit_of_work(user.id) as session:
        targets = await service.list_targets(session, user)
    return ok(TargetList(items=targets, total=len(targets), limit=service.most_targets(user)))


@router.post("/target-allocation", status_code=201, responses=errors(409))
async def create_target(user: SignedIn, body: TargetWrite) -> Envelope[TargetRead]:
    """Save a target allocation; its shares sum to 100 % exactly."""
    async with resources().database.unit_of_work(user.id) as session:
        target = await service.create_target(session, user, body)
    return ok(target)


@router.put("/target-allocation/{target_id}", responses=errors(404, 409))
async def change_target(user: SignedIn, target_id: UUID, body: TargetWrite) -> Envelope[TargetRead]:
    """Change a target allocation, as a whole."""
    async with resources().database.unit_of_work(user.id) as session:
        target = await service.change_target(session, user, target_id, body)
    return ok(target)


@router.delete("/target-allocation/{target_id}", responses=errors(404))
async def delete_target(user: SignedIn, target_id: UUID) -> Envelope[TargetDeleted]:
    """Delete a target allocation."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.delete_target(session, user, target_id)
    return ok(TargetDeleted(id=target_id))


@router.get("/rebalancing", responses=errors(404))
async def read_rebalancing(
    user: ReadsPortfolio, query: Annotated[RebalancingQuery, Query()]
) -> Envelope[RebalancingRead]:
    """Compare your portfolio with a target: drift of each asset, and the fewest trades that lead back, with costs."""
    held = resources()
    async with held.snapshots.open(user.id) as store:
        newest = await latest(store, user)
    async with held.database.unit_of_work(user.id) as session:
        inputs = await service.inputs_of(session, user, held.settings, newest, query.target_id)
    sources = service.Sources(held.settings, held.database, held.timeseries, held.counters)
    return ok(await service.rebalancing_of(sources, user, newest, inputs))


@router.put("/target-allocation/{target_id}/suggestions/{suggestion_id}", responses=errors(404))
async def answer_suggestion(
    user: SignedIn, target_id: UUID, suggestion_id: UUID, body: AnswerWrite
) -> Envelope[AnswerRead]:
    """Accept or reject a suggested trade, or take that back. A plan is made without those that you rejected."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.answer(session, user, target_id, suggestion_id, body.answer)
    return ok(AnswerRead(id=suggestion_id, answer=body.answer))
