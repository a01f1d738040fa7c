"""Tax transactions one by one: pages of them, one with all that is known, edits with reasons, and those by hand."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, require_room, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.formats import address as short_address
from backend.portfolio.service import wallet_names
from backend.tax import records, store
from backend.tax import repository as books
from backend.tax.book_service import day_rates
from backend.tax.books import TaxSettings
from backend.tax.engine.events import IncomeKind
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import jurisdiction
from backend.tax.listing import repository
from backend.tax.listing.by_hand import asset_title, made_by_hand, ways_of
from backend.tax.listing.editing import check, edit_after, left_beside, others_named
from backend.tax.listing.reading import Money, edit_of_row, read_of
from backend.tax.listing.schemas import (
    MOST_SHOWN,
    Choice,
    FilterChoices,
    LotCandidate,
    Order,
    TaxTransactionAdd,
    TaxTransactionChange,
    TaxTransactionList,
    TaxTransactionRead,
)
from backend.tax.settings.service import settings_of, zone_of
from backend.tax.sync.service import defer_syncs
from backend.tax.told_twice import told_twice
from backend.tax.transactions import Source, TransactionKind, is_fiat

__all__ = [
    "MOST_SHOWN",
    "Filters",
    "IncomeKind",
    "Order",
    "TransactionKind",
    "add",
    "asset_title",
    "change",
    "choices",
    "find",
    "list_transactions",
    "lot_candidates",
    "page",
    "remove",
    "rewrite",
    "take_back",
    "ways_of",
]
MOST_CHOICES = 300
MOST_CANDIDATES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which transactions: all that meet everything that is said. `year` is a tax year of the user's place."""

    year: int | None = None
    asset: str | None = None
    kinds: tuple[TransactionKind, ...] = ()
    wallet: str | None = None
    source: Source | None = None
    import_id: UUID | None = None
    tx_hash: str | None = None
    open_only: bool = False
    edited_only: bool = False

    def conditions(self, settings: TaxSettings) -> dict[str, Any]:
        """Return what is said, as the repository takes it."""
        said: dict[str, Any] = {
            "asset": self.asset,
            "kinds": sorted(kind.value for kind in self.kinds) or None,
            "wallet": self.wallet,
            "source": self.source,
            "import_id": self.import_id,
            "tx_hash": self.tx_hash.lower() if self.tx_hash else None,
            "open_only": self.open_only or None,
            "edited": self.edited_only or None,
        }
        if self.year is not None:
            said["since"], said["until"] = year_span(settings, self.year)
        return {name: value for name, value in said.items() if value is not None}


def year_span(settings: TaxSettings, year: int) -> tuple[datetime, datetime]:
    """Return when a tax year of a user's place begins, and when the next one does."""
    rules = jurisdiction(settings.jurisdiction)
    zone = ZoneInfo(zone_of(settings))
    first, last = rules.year_days(year)
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


@requires(Feature.TAX)
async def list_transactions(
    session: AsyncSession, user: CurrentUser, filters: Filters, order: Order, cursor: str | None, limit: int
) -> TaxTransactionList:
    """Return transactions that meet the filters, from behind a cursor on. Raises InvalidInputError."""
    after = None if cursor is None else _place_of(cursor)
    return await _listed(session, user, filters, order, limit, after=after)


@requires(Feature.TAX)
async def page(
    session: AsyncSession, user: CurrentUser, filters: Filters, order: Order, offset: int, limit: int
) -> TaxTransactionList:
    """Return transactions that meet the filters from a place on: for lists that scroll.

    Of somebody whose wallets were never taken over that is put in line.
    """
    book = await repository.book(session, user.id)
    if book is None or book.synced_at is None:
        await defer_syncs(session, [user.id])
    return await _listed(session, user, filters, order, limit, offset=offset)


@requires(Feature.TAX)
async def find(session: AsyncSession, user: CurrentUser, transaction_id: UUID) -> TaxTransactionRead:
    """Return one transaction. Raises NotFoundError."""
    row = await _row(session, user, transaction_id)
    return (await _reads(session, user, [row], await settings_of(session, user.id)))[0]


@requires(Feature.TAX)
async def lot_candidates(session: AsyncSession, user: CurrentUser, transaction_id: UUID) -> list[LotCandidate]:
    """Return the earlier transactions that brought in the one asset that goes, the earliest first.

    None where the place of the user knows no specific identification, or nothing (or more than one asset) goes.
    Raises NotFoundError.
    """
    settings = await settings_of(session, user.id)
    told = records.transaction_of(await _row(session, user, transaction_id))
    goes = {leg.asset for leg in told.legs if leg.amount < 0 and not is_fiat(leg.asset)}
    if len(goes) != 1 or Method.SPECIFIC not in jurisdiction(settings.jurisdiction).methods:
        return []
    (asset,) = goes
    conditions = {"asset": asset, "until": told.happened_at}
    rows = await repository.page(session, user.id, conditions, newest_first=True, limit=MOST_CANDIDATES)
    reads = await _reads(session, user, rows[::-1], settings)
    return [
        LotCandidate(
            transaction_id=each.id,
            happened_at=each.happened_at,
            wallet=each.wallet,
            symbol=leg.symbol,
            amount=leg.amount,
            value=each.value,
        )
        for each in reads
        for leg in each.legs
        if leg.asset == asset and leg.amount > 0 and each.kind is not TransactionKind.IGNORED
    ]


@requires(Feature.TAX)
async def choices(session: AsyncSession, user: CurrentUser) -> FilterChoices:
    """Return the years, assets and wallets that there are transactions of."""
    names = await wallet_names(session)
    span = await repository.span(session, user.id)
    return FilterChoices(
        years=[] if span is None else _years(await settings_of(session, user.id), *span),
        assets=[
            Choice(value=row.asset, title=asset_title(row.asset), transactions=row.transactions)
            for row in await repository.assets(session, user.id, MOST_CHOICES)
        ],
        wallets=[
            Choice(value=row.wallet, title=wallet_title(row.wallet, names), transactions=row.transactions)
            for row in await repository.wallets(session, user.id, MOST_CHOICES)
        ],
    )


@requires(Feature.TAX)
async def change(
    session: AsyncSession, user: CurrentUser, transaction_id: UUID, wanted: TaxTransactionChange
) -> TaxTransactionRead:
    """Say what holds instead of what the source says, with the reason; return the transaction.

    Raises NotFoundError, InvalidInputError by field.
    """
    row = await _row(session, user, transaction_id)
    told = records.transaction_of(row)
    before = None if row.edit is None else records.edit_of(orjson.loads(row.edit))
    others = others_named(wanted)
    check(told, wanted, others - await repository.known(session, user.id, sorted(others)))
    edit = edit_after(before, wanted)
    await store.edit_transactions(session, user.id, {transaction_id: edit})
    details = {} if edit is None else {**records.edit_json(edit), "reason": wanted.reason}
    await audit(session, user.id, "tax_transaction.edited", str(transaction_id), details)
    return await find(session, user, transaction_id)


@requires(Feature.TAX)
async def take_back(session: AsyncSession, user: CurrentUser, transaction_id: UUID) -> TaxTransactionRead:
    """Take the edit of a transaction back: its source (or a bulk rule) counts again. Raises NotFoundError."""
    await _row(session, user, transaction_id)
    if await store.edit_transactions(session, user.id, {transaction_id: None}):
        await audit(session, user.id, "tax_transaction.edit_taken_back", str(transaction_id))
    return await find(session, user, transaction_id)


@requires(Feature.TAX)
async def add(session: AsyncSession, user: CurrentUser, wanted: TaxTransactionAdd) -> TaxTransactionRead:
    """Write a transaction by hand and return it. Raises InvalidInputError by field, TierLimitError above the cap."""
    made = made_by_hand(wanted)
    await books.lock(session, user.id)
    require_room(user, Cap.TAX_TRANSACTIONS, await books.count(session, user.id))
    await store.add_transactions(session, user.id, [made])
    await audit(session, user.id, "tax_transaction.added", str(made.id), {"kind": made.kind.value})
    return await find(session, user, made.id)


@requires(Feature.TAX)
async def rewrite(
    session: AsyncSession, user: CurrentUser, transaction_id: UUID, wanted: TaxTransactionAdd
) -> TaxTransactionRead:
    """Write a transaction that was written by hand anew and return it.

    What was said beside it is in it now; its lots, its other side and the portfolio's worth stay. Raises NotFoundError,
    ConflictError for one of another source, InvalidInputError by field.
    """
    row = await _row(session, user, transaction_id)
    if row.source != "manual":
        words = "Only what you wrote by hand can be written anew. Say beside any other one what holds instead."
        raise ConflictError(words)
    made = made_by_hand(wanted, transaction_id)
    await store.add_transactions(session, user.id, [made])
    before = None if row.edit is None else records.edit_of(orjson.loads(row.edit))
    if before is not None:
        await store.edit_transactions(session, user.id, {transaction_id: left_beside(before)})
    await audit(session, user.id, "tax_transaction.rewritten", str(transaction_id), {"kind": made.kind.value})
    return await find(session, user, transaction_id)


@requires(Feature.TAX)
async def remove(session: AsyncSession, user: CurrentUser, transaction_id: UUID) -> None:
    """Delete a transaction that was written by hand. Raises NotFoundError, ConflictError for any other."""
    row = await _row(session, user, transaction_id)
    if row.source != "manual":
        words = "Only what you wrote by hand can be deleted. Set another one to ignored, or undo its import."
        raise ConflictError(words)
    await store.remove_transactions(session, user.id, [transaction_id])
    await audit(session, user.id, "tax_transaction.removed", str(transaction_id))


def wallet_title(wallet: str, names: Mapping[str, str]) -> str:
    """Return a wallet or account for people."""
    return names.get(wallet) or (short_address(wallet) if wallet.startswith("0x") else wallet)


async def _listed(
    session: AsyncSession, user: CurrentUser, filters: Filters, order: Order, limit: int, **where: Any
) -> TaxTransactionList:
    settings = await settings_of(session, user.id)
    conditions = filters.conditions(settings)
    rows = await repository.page(session, user.id, conditions, newest_first=order == "newest", limit=limit + 1, **where)
    shown, has_more = rows[:limit], len(rows) > limit
    book = await repository.book(session, user.id)
    return TaxTransactionList(
        items=await _reads(session, user, shown, settings),
        total=await repository.count(session, user.id, conditions),
        currency=settings.currency,
        next_cursor=_cursor(shown[-1]) if has_more else None,
        synced_at=None if book is None else book.synced_at,
        left_out=0 if book is None else book.left_out,
    )


async def _reads(
    session: AsyncSession, user: CurrentUser, rows: Sequence[Any], settings: TaxSettings
) -> list[TaxTransactionRead]:
    rules = await store.rules_of(session, user.id) if any(row.rule_id is not None for row in rows) else {}
    edits = [edit_of_row(row, rules) for row in rows]
    entries = [(records.transaction_of(row), edit) for row, edit in zip(rows, edits, strict=True)]
    money = Money(settings, await day_rates(session, settings.currency, entries))
    names = await wallet_names(session)
    twice = await told_twice(session, user.id, [transaction for transaction, _ in entries])
    return [read_of(row, edit, money, names, twice.get(row.id)) for row, edit in zip(rows, edits, strict=True)]


async def _row(session: AsyncSession, user: CurrentUser, transaction_id: UUID) -> Any:
    row = await repository.find(session, user.id, transaction_id)
    if row is None:
        raise NotFoundError("There is no such transaction. Its import may have been undone, or its block dropped.")
    return row


def _years(settings: TaxSettings, first: datetime, last: datetime) -> list[int]:
    rules = jurisdiction(settings.jurisdiction)
    zone = ZoneInfo(zone_of(settings))
    begin, end = (rules.year_of(each.astimezone(zone).date()) for each in (first, last))
    return list(range(end, begin - 1, -1))


def _cursor(row: Any) -> str:
    values = [row.happened_at.isoformat(), str(row.id)]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _place_of(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, id_ = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or moment.year > utc_now().year + 100:
            raise ValueError(cursor)
        return moment, UUID(id_)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        words = "Take the cursor from the answer before, as it is."
        raise InvalidInputError("This is no cursor of this list.", {"cursor": words}) from None
