"""`/v1/portfolio/pnl` and one asset: what holdings cost and made, from the event ledger, as of the newest snapshot."""

from typing import Annotated

from fastapi import APIRouter, Path

from backend.api.auth import ReadsPortfolio
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.chain.events import NATIVE_TOKEN
from backend.core.errors import NotFoundError
from backend.portfolio.overview import asset_list
from backend.portfolio.profit import service
from backend.portfolio.profit.schemas import AssetDetail, ProfitRead
from backend.portfolio.snapshots.service import latest

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)
NATIVE = "native"
MOST_HOLDINGS = 500
Token = Annotated[str, Path(pattern=r"^(0x[0-9a-fA-F]{40}|native)$", description="An address, or `native`")]
ChainId = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/pnl")
async def read_pnl(user: ReadsPortfolio) -> Envelope[ProfitRead | None]:
    """Read what your holdings cost and made: realised, unrealised, income, fees; and what of it is not known."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.profit(session, user))


@router.get("/assets/{chain_id}/{token}", responses=errors(404))
async def read_asset(user: ReadsPortfolio, chain_id: ChainId, token: Token) -> Envelope[AssetDetail]:
    """Read one asset: where it is held, what it cost and made, its lots and trades."""
    address = NATIVE_TOKEN if token == NATIVE else token.lower()
    async with resources().snapshots.open(user.id) as store:
        newest = await latest(store, user)
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.asset_profit(session, user, chain_id, address)
    held = asset_list(newest, chain_id, None, 1, MOST_HOLDINGS, token=address).items
    if found is None and not held:
        raise NotFoundError("There is no such asset in your portfolio.")
    figures, lots, trades, taken_at = found or (None, [], [], None)
    return ok(AssetDetail(figures=figures, taken_at=taken_at, lots=lots, trades=trades, holdings=held))
