"""`/v1/portfolio/nfts`: the NFTs of a user's wallets by collection, and what is taken for spam among them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsPortfolio, SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.portfolio.nfts import service
from backend.portfolio.nfts.schemas import CollectionDecision, CollectionDone, FoundCollectionList, NftList
from backend.portfolio.snapshots.service import latest

router = APIRouter(prefix="/v1/portfolio/nfts", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)


class NftsQuery(ApiModel):
    """Which NFTs to list."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int | None = Field(default=None, ge=1, le=2**53)
    wallet: str | None = Field(default=None, max_length=64)


@router.get("")
async def list_nfts(user: ReadsPortfolio, query: Annotated[NftsQuery, Query()]) -> Envelope[NftList]:
    """List your NFTs by collection and wallet: pieces as of a block, the collection's floor with source and time."""
    async with resources().snapshots.open(user.id) as store:
        newest = await latest(store, user)
    return ok(service.nft_list(newest, query.chain_id, query.wallet))


@router.get("/collections")
async def list_collections(user: ReadsPortfolio) -> Envelope[FoundCollectionList]:
    """List the collections that your wallets were sent pieces of; those that are taken for spam say why."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.list_collections(session, user)
    return ok(FoundCollectionList(items=found, total=len(found)))


@router.put("/verdict", responses=errors(404))
async def decide_collection(user: SignedIn, body: CollectionDecision) -> Envelope[CollectionDone]:
    """Say that a collection is spam or is none, or take back what you said: your word goes before the filter's."""
    async with resources().database.unit_of_work(user.id) as session:
        collection = await service.decide(session, user, body)
    return ok(CollectionDone(chain_id=body.chain_id, collection=collection))
