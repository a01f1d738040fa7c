"""NFTs of a portfolio: the door for pages and the API to collections, what is taken for spam, and the user's word."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.audit import audit
from backend.core.errors import InvalidInputError, NotFoundError
from backend.portfolio.nfts import repository
from backend.portfolio.nfts.listing import nft_list
from backend.portfolio.nfts.schemas import CollectionDecision, FoundCollection
from backend.portfolio.nfts.spam import WORDS
from backend.portfolio.wallets.addresses import parse_address

__all__ = ["decide", "list_collections", "nft_list"]


@requires(Feature.PORTFOLIO)
async def list_collections(session: AsyncSession, user: CurrentUser) -> list[FoundCollection]:
    """Return the collections that the user's wallets were sent pieces of, with the verdict on each."""
    return [
        FoundCollection(
            wallet_id=row.wallet_id,
            chain_id=row.chain_id,
            collection=row.collection,
            standard=row.standard,
            name=row.name,
            symbol=row.symbol,
            pieces_seen=len(row.token_ids),
            has_more=row.has_more,
            found_at=row.found_at,
            is_spam=bool(row.is_spam),
            reasons=[WORDS[reason] for reason in row.reasons or [] if reason in WORDS],
            decided_by=row.decided_by,
            decided_at=row.decided_at,
        )
        for row in await repository.collections_of(session, [user.id])
    ]


@requires(Feature.PORTFOLIO)
async def decide(session: AsyncSession, user: CurrentUser, decision: CollectionDecision) -> str:
    """Note that a collection is spam, or is none, whatever the filter says; return its address.

    With `is_spam` None the filter decides again at the next discovery, until when the collection is read. Raises
    InvalidInputError for what is no address; NotFoundError when it is no collection of the user's wallets, or nothing
    was decided that could be taken back.
    """
    try:
        collection = parse_address(decision.collection)
    except ValueError as error:
        raise InvalidInputError(str(error), {"collection": str(error)}) from None
    if decision.is_spam is None:
        done = await repository.undecide(session, user.id, decision.chain_id, collection)
    else:
        done = await repository.decide(session, user.id, decision.chain_id, collection, decision.is_spam)
    if not done:
        raise NotFoundError("This is no collection of your wallets, or you have decided nothing about it.")
    details = {"chainId": decision.chain_id, "isSpam": decision.is_spam}
    await audit(session, user.id, "portfolio_collection.judged", collection, details)
    return collection
