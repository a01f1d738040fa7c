"""`/v1/portfolio/liquidity-positions`, `/il-dashboard` and one position with its history."""

from uuid import UUID

from fastapi import APIRouter

from backend.api.auth import ReadsPortfolio, SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.errors import NotFoundError
from backend.market.ladder.service import shared_ladder
from backend.portfolio.liquidity import losses, service
from backend.portfolio.liquidity.schemas import (
    LiquidityAdd,
    LiquidityList,
    LiquidityRead,
    LiquidityRemoved,
    LossDashboard,
    PositionDetail,
)
from backend.portfolio.position_history import position_history
from backend.portfolio.position_list import position_list
from backend.portfolio.snapshots.service import latest

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)


@router.get("/liquidity-positions")
async def list_liquidity(user: ReadsPortfolio) -> Envelope[LiquidityList]:
    """List the liquidity that you added by hand, with what it lost against holding by the newest price of its pool."""
    async with resources().database.unit_of_work(user.id) as session:
        items = await service.list_added(session, user)
    return ok(LiquidityList(items=items, total=len(items), limit=service.MOST_ADDED))


@router.post("/liquidity-positions", status_code=201)
async def add_liquidity(user: SignedIn, body: LiquidityAdd) -> Envelope[LiquidityRead]:
    """Add liquidity in a Uniswap V2 or V3 kind of pool; the pool is asked on its chain. Up to 50."""
    held = resources()
    ladder = shared_ladder(held.settings, held.timeseries, held.counters)
    checked = await service.check(held.settings, ladder, body)
    async with held.database.unit_of_work(user.id) as session:
        return ok(await service.add(session, user, body, checked))


@router.delete("/liquidity-positions/{liquidity_id}", responses=errors(404))
async def remove_liquidity(user: SignedIn, liquidity_id: UUID) -> Envelope[LiquidityRemoved]:
    """Remove liquidity that you had added."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.remove(session, user, liquidity_id)
    return ok(LiquidityRemoved(id=liquidity_id))


@router.get("/il-dashboard")
async def read_il_dashboard(user: ReadsPortfolio) -> Envelope[LossDashboard]:
    """Read impermanent loss over all your positions, in wallets and added by hand, the worst in percent first."""
    held = resources()
    async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
        return ok(await losses.dashboard(store, session, user))


@router.get("/positions/{position_id}", responses=errors(404))
async def read_position(user: ReadsPortfolio, position_id: UUID) -> Envelope[PositionDetail]:
    """Read one position of your newest snapshot with what was put in and taken out, and its impermanent loss."""
    held = resources()
    async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
        listed = position_list(await latest(store, user))
        found = next((each for each in listed.items if each.id == position_id), None)
        if found is None:
            raise NotFoundError("There is no such position in your newest snapshot.")
        return ok(PositionDetail(position=found, history=await position_history(session, user, found)))
