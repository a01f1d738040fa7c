"""`/v1/tax`: what you choose for your taxes, your transactions, and what years come to."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsTax, SignedIn, WritesTax
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.files import file_response
from backend.api.resources import resources
from backend.core.schemas import ApiModel
from backend.tax.listing import exporting
from backend.tax.listing import service as listing
from backend.tax.listing.schemas import (
    FilterChoices,
    Order,
    TaxTransactionAdd,
    TaxTransactionChange,
    TaxTransactionList,
    TaxTransactionRead,
    TaxTransactionRemoved,
)
from backend.tax.settings import service as settings
from backend.tax.settings.schemas import FilerRead, FilerWrite, TaxSettingsAnswer, TaxSettingsChange
from backend.tax.summary import service as summary
from backend.tax.summary.schemas import TaxYears, YearAnswer
from backend.tax.transactions import Source, TransactionKind

router = APIRouter(prefix="/v1/tax", tags=["Tax"], responses=SIGNED_IN_ERRORS)


Place = Annotated[str, Path(max_length=12, pattern=r"^[A-Z_]{2,12}$", description="A place, as in your settings")]
_CSV: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {"text/csv": {}}}}


class TransactionFilter(ApiModel):
    """Which transactions: all that meet everything that is said."""

    model_config = ConfigDict(extra="forbid")

    year: int | None = Field(default=None, ge=2009, le=2100, description="A tax year of your place")
    asset: str | None = Field(default=None, max_length=140)
    kind: list[TransactionKind] = Field(default_factory=list, max_length=len(TransactionKind))
    wallet: str | None = Field(default=None, max_length=120)
    source: Source | None = None
    import_id: UUID | None = None
    tx_hash: str | None = Field(default=None, max_length=100)
    open_only: bool = Field(default=False, description="Only those about which something is open")
    edited_only: bool = Field(default=False, description="Only those that you or a rule decided")

    def filters(self) -> listing.Filters:
        """Return the filters as the service takes them."""
        return listing.Filters(
            year=self.year,
            asset=self.asset,
            kinds=tuple(self.kind),
            wallet=self.wallet,
            source=self.source,
            import_id=self.import_id,
            tx_hash=self.tx_hash,
            open_only=self.open_only,
            edited_only=self.edited_only,
        )


class TransactionQuery(TransactionFilter):
    """Which transactions to list, and which page of them."""

    sort: Order = "newest"
    cursor: str | None = Field(default=None, max_length=300, description="`nextCursor` of the page before")
    limit: int = Field(default=50, ge=1, le=listing.MOST_SHOWN)


@router.get("/settings")
async def read_settings(user: ReadsTax) -> Envelope[TaxSettingsAnswer]:
    """Read what you chose, and what can be chosen in each place."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await settings.read(session, user)
    return ok(found)


@router.put("/settings")
@router.post("/settings")
async def change_settings(user: WritesTax, body: TaxSettingsChange) -> Envelope[TaxSettingsAnswer]:
    """Choose; what you leave out stays. What the law of your place refuses is refused, with its reason by field."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await settings.change(session, user, body)
    return ok(found)


@router.get("/filers/{jurisdiction}")
async def read_filer(user: SignedIn, jurisdiction: Place) -> Envelope[FilerRead]:
    """Read the name and the masked tax number that forms of a place say. For people only, not for keys."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await settings.read_filer(session, user, jurisdiction)
    return ok(found)


@router.put("/filers/{jurisdiction}")
async def change_filer(user: SignedIn, jurisdiction: Place, body: FilerWrite) -> Envelope[FilerRead]:
    """Say who files in a place. The number is sealed, and only ever shown masked. For people only, not for keys."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await settings.change_filer(session, user, jurisdiction, body)
    return ok(found)


@router.get("/transactions")
async def list_transactions(
    user: ReadsTax, query: Annotated[TransactionQuery, Query()]
) -> Envelope[TaxTransactionList]:
    """List your transactions: from wallets, files and by hand, as they count and as their sources say them."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.list_transactions(session, user, query.filters(), query.sort, query.cursor, query.limit)
    return ok(found)


@router.get("/transactions/choices")
async def filter_choices(user: ReadsTax) -> Envelope[FilterChoices]:
    """Read the years, assets and wallets that you have transactions of."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.choices(session, user)
    return ok(found)


@router.get("/transactions/export", response_class=StreamingResponse, responses=_CSV)
async def export_transactions(user: ReadsTax, query: Annotated[TransactionFilter, Query()]) -> StreamingResponse:
    """Download your transactions as CSV in the generic format, as they count: importing it again gives the same."""
    database = resources().database

    async def chunks() -> AsyncIterator[bytes]:
        async with database.unit_of_work(user.id) as session:
            async for chunk in await exporting.export_csv(session, user, query.filters()):
                yield chunk

    return await file_response("tax-transactions", "csv", chunks())


@router.get("/transactions/{transaction_id}", responses=errors(404))
async def read_transaction(user: ReadsTax, transaction_id: UUID) -> Envelope[TaxTransactionRead]:
    """Read one transaction with all that is known and said of it."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.find(session, user, transaction_id)
    return ok(found)


@router.post("/transactions", status_code=201)
async def add_transaction(user: WritesTax, body: TaxTransactionAdd) -> Envelope[TaxTransactionRead]:
    """Write a transaction by hand."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.add(session, user, body)
    return ok(found)


@router.put("/transactions/{transaction_id}", responses=errors(404, 409))
async def rewrite_transaction(
    user: WritesTax, transaction_id: UUID, body: TaxTransactionAdd
) -> Envelope[TaxTransactionRead]:
    """Write a transaction that you wrote by hand anew: all of it is as you say now."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.rewrite(session, user, transaction_id, body)
    return ok(found)


@router.patch("/transactions/{transaction_id}", responses=errors(404))
async def change_transaction(
    user: WritesTax, transaction_id: UUID, body: TaxTransactionChange
) -> Envelope[TaxTransactionRead]:
    """Say what holds instead of what the source says, and why. What the source says stays beside it."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.change(session, user, transaction_id, body)
    return ok(found)


@router.delete("/transactions/{transaction_id}/edit", responses=errors(404))
async def take_edit_back(user: WritesTax, transaction_id: UUID) -> Envelope[TaxTransactionRead]:
    """Take back what you said of a transaction: its source, or a bulk rule, counts again."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await listing.take_back(session, user, transaction_id)
    return ok(found)


@router.delete("/transactions/{transaction_id}", responses=errors(404, 409))
async def remove_transaction(user: WritesTax, transaction_id: UUID) -> Envelope[TaxTransactionRemoved]:
    """Delete a transaction that you wrote by hand."""
    async with resources().database.unit_of_work(user.id) as session:
        await listing.remove(session, user, transaction_id)
    return ok(TaxTransactionRemoved(id=transaction_id))


_COMPUTING: dict[int | str, dict[str, Any]] = {202: {"description": "A job computes it: ask again in some seconds"}}


@router.get("/summary", responses=_COMPUTING)
async def read_years(user: ReadsTax, response: Response) -> Envelope[TaxYears]:
    """Read what every year comes to: computed from your transactions as they are now.

    A long history is computed by a job: until it is, the answer is 202 with `isComputing`, and no years.
    """
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        found = await summary.years(session, user, held.redis)
    response.status_code = 202 if found.is_computing else 200
    return ok(found)


@router.get("/summary/{year}", responses={**_COMPUTING, **errors(404)})
async def read_year(
    user: ReadsTax, year: Annotated[int, Path(ge=2009, le=2100)], response: Response
) -> Envelope[YearAnswer]:
    """Read what one tax year comes to, and how much of it rests on what is not settled (202: as for all years)."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        found = await summary.year(session, user, held.redis, year)
    response.status_code = 202 if found.is_computing else 200
    return ok(found)
