"""`/v1/portfolio/leaderboard`: the best hundred of those who joined; names they chose and percentages, nothing else."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from backend.api.auth import ReadsPortfolio, SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.portfolio.leaderboard import service
from backend.portfolio.leaderboard.rules import Period
from backend.portfolio.leaderboard.schemas import LeaderboardJoin, LeaderboardLeft, LeaderboardRead

router = APIRouter(prefix="/v1/portfolio/leaderboard", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)


class LeaderboardQuery(ApiModel):
    """Of which time."""

    model_config = ConfigDict(extra="forbid")

    period: Period = "30d"


@router.get("")
async def read_leaderboard(
    user: ReadsPortfolio, query: Annotated[LeaderboardQuery, Query()]
) -> Envelope[LeaderboardRead]:
    """Read the best hundred by time-weighted return, and your own place. Ranked once a day from complete data."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.read_board(session, user, query.period))


@router.post("/membership", status_code=201, responses=errors(409))
async def join_leaderboard(user: SignedIn, body: LeaderboardJoin) -> Envelope[LeaderboardRead]:
    """Join under a name of your choice. Your return in percent is shown to everybody, never an amount or a wallet."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.join(session, user, body)
        return ok(await service.read_board(session, user, "30d"))


@router.delete("/membership", responses=errors(404))
async def leave_leaderboard(user: SignedIn) -> Envelope[LeaderboardLeft]:
    """Leave: your name and your places are gone at once."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.leave(session, user)
    return ok(LeaderboardLeft())
