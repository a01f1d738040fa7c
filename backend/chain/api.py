"""`/v1/chains`: the chains that are followed, and how fresh what is known of them is."""

from fastapi import APIRouter
from pydantic import Field

from backend.api.auth import ReadsMarket
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.chain.service import chain_freshness
from backend.core.schemas import ApiModel, Instant

router = APIRouter(prefix="/v1/chains", tags=["Chains and prices"], responses=SIGNED_IN_ERRORS)


class ChainRead(ApiModel):
    """A followed chain and its newest block."""

    chain_id: int
    name: str
    is_demo: bool = Field(description="The local market: everything on it is demo data")
    block_number: int
    block_hash: str
    taken_at: Instant = Field(description="Time of the newest block")
    lag_seconds: float
    is_behind: bool = Field(description="Older than ten blocks' time (at least 30 s)")


class ChainList(ApiModel):
    """Every followed chain."""

    items: list[ChainRead]
    total: int


@router.get("")
async def list_chains(user: ReadsMarket) -> Envelope[ChainList]:
    """List the followed chains with their newest block."""
    async with resources().database.unit_of_work(user.id) as session:
        chains = [ChainRead.model_validate(chain) for chain in await chain_freshness(session)]
    return ok(ChainList(items=chains, total=len(chains)))
