"""`/v1/portfolio/activity`: what happened to your wallets, with the block and the prices of then."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, ConfigDict, Field

from backend.api.auth import ReadsPortfolio
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.ledger.events import Kind
from backend.portfolio.activity import service
from backend.portfolio.activity.schemas import ActivityList, ActivityRead

router = APIRouter(prefix="/v1/portfolio/activity", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)
ADDRESS = r"^0x[0-9a-fA-F]{40}$"


class ActivityQuery(ApiModel):
    """Which events to list."""

    model_config = ConfigDict(extra="forbid")

    wallet: str | None = Field(default=None, pattern=ADDRESS)
    chain_id: int | None = Field(default=None, ge=1, le=2**53)
    token: str | None = Field(
        default=None, pattern=ADDRESS, description="The contract; 0xeeee…eeee is a chain's own currency"
    )
    kind: list[Kind] = Field(default_factory=list, max_length=len(Kind))
    protocol: str | None = Field(default=None, max_length=60, pattern=r"^[\x20-\x7e]+$")
    since: AwareDatetime | None = Field(default=None, description="Included")
    until: AwareDatetime | None = Field(default=None, description="Not included")
    cursor: str | None = Field(default=None, max_length=300, description="`nextCursor` of the page before")
    limit: int = Field(default=50, ge=1, le=service.MOST_SHOWN)

    def wanted(self) -> service.Wanted:
        """Return the filters as the ledger takes them."""
        return service.Wanted(
            wallets=[self.wallet] if self.wallet else [],
            chains=[self.chain_id] if self.chain_id else [],
            token=self.token,
            kinds=self.kind,
            protocol=self.protocol,
            since=self.since,
            until=self.until,
        )


@router.get("")
async def list_activity(user: ReadsPortfolio, query: Annotated[ActivityQuery, Query()]) -> Envelope[ActivityList]:
    """List what happened to your wallets, the newest first, and which of their blocks were read.

    Transfers of nothing but hidden tokens are left out unless the token is asked for.
    """
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.list_activity(session, user, query.wanted(), query.cursor, query.limit)
    return ok(found)


@router.get("/{event_id}", responses=errors(404))
async def read_activity(user: ReadsPortfolio, event_id: UUID) -> Envelope[ActivityRead]:
    """Read one event with every amount that moved, where it is from, and what it was worth then."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.find_activity(session, user, event_id)
    return ok(found)
