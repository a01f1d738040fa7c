"""A user's tax book: all their transactions made ready for the engine, in the currency they report in.

Whether the caller may is decided at the edge that calls. A book of a long history takes seconds: jobs and services
that keep what they computed (by `store.book_version`) ask for one, no page by itself.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.settings import DEMO_CHAIN_ID
from backend.ledger import service as ledger
from backend.ledger.events import Coverage
from backend.market.fiat.service import CURRENCIES, EuroRate, euro_rates
from backend.portfolio.service import complete_worths
from backend.tax import repository, store
from backend.tax.assembling.alone import bound_of
from backend.tax.assembling.assemble import Gap, assemble
from backend.tax.books import Book, TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.engine.money import EXACT
from backend.tax.engine.registry import jurisdiction
from backend.tax.settings.service import settings_of
from backend.tax.store import Entry
from backend.tax.transactions import FIAT_PREFIX, Edit, TaxLeg, TaxTransaction, Worth

__all__ = ["DayRates", "book_of", "settings_of"]
# A wallet whose newest block is older than this has a history that ends there.
BEHIND = timedelta(days=1)
NEAR = timedelta(hours=1)
NOT_READ = "The history has not been read yet."
NO_START = "What happened before is not known: what was held then has an unknown cost."
ENDS = "The history is read up to this time only."
LEFT_OUT = "The {:,} newest transactions of your wallets are left out: they are more than your plan allows."
NO_CALLS = "Movements of the chain's own currency inside of calls are not seen here."


@dataclass(frozen=True, slots=True)
class DayRates:
    """What units of a currency are worth in the reporting currency by day: by the euro reference rates.

    Both sides of a rate are of the same business day; nothing is rounded.
    """

    reporting: str
    per_eur: Mapping[str, Mapping[date, EuroRate]]

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Return units of the reporting currency for one unit of `currency`, None when nobody knows."""
        if currency == self.reporting:
            return Decimal(1)
        mine, theirs = self.per_eur.get(self.reporting, {}).get(day), self.per_eur.get(currency, {}).get(day)
        if mine is None or theirs is None or mine.as_of != theirs.as_of:
            return None
        return EXACT.divide(mine.per_eur, theirs.per_eur)


async def book_of(
    session: AsyncSession, user_id: UUID, settings: TaxSettings | None = None, *, finds_bound: bool = False
) -> Book:
    """Return a user's book under their settings (or others), with `bound` if wanted. Raises UnknownJurisdictionError.

    Issues that the user put aside are among its issues, as any other.
    """
    chosen = settings or await settings_of(session, user_id)
    version = await store.book_version(session, user_id)
    as_of = utc_now()
    entries = await store.entries_of(session, user_id)
    if Method.PORTFOLIO in jurisdiction(chosen.jurisdiction).methods:
        entries = await _with_portfolio_worths(session, user_id, entries)
    rates = await day_rates(session, chosen.currency, entries)
    gaps = await gaps_of(session, user_id, entries)
    made = await asyncio.to_thread(assemble, entries, chosen, rates, gaps)
    return Book(
        settings=chosen,
        engine=made.engine,
        events=made.events,
        issues=made.issues,
        places=made.places,
        symbols=made.symbols,
        transactions=len(entries),
        version=version,
        as_of=as_of,
        transfers=made.transfers,
        told_twice=made.told_twice,
        is_demo=any(transaction.chain_id == DEMO_CHAIN_ID for transaction, _ in entries),
        bound=await asyncio.to_thread(bound_of, entries) if finds_bound else None,
    )


async def _with_portfolio_worths(session: AsyncSession, user_id: UUID, entries: list[Entry]) -> list[Entry]:
    """Say of transactions what everything held was worth just before, by a complete snapshot at most an hour older.

    Only where all that is held is in wallets that are read: of what lies at an exchange no snapshot knows.
    """
    if not entries or any(transaction.source != "wallet" for transaction, _ in entries):
        return entries
    first, last = entries[0][0].happened_at - NEAR, entries[-1][0].happened_at + NEAR
    taken = await complete_worths(session, user_id, first, last)
    times = [at for at, _ in taken]
    found: list[Entry] = []
    for transaction, edit in entries:
        place = bisect_right(times, transaction.happened_at) - 1
        is_near = place >= 0 and transaction.happened_at - times[place] <= NEAR
        if is_near and transaction.portfolio_worth is None:
            worth = Worth(taken[place][1], "USD", "portfolio snapshot", times[place])
            transaction = replace(transaction, portfolio_worth=worth)
        found.append((transaction, edit))
    return found


async def day_rates(session: AsyncSession, reporting: str, entries: Sequence[Entry]) -> DayRates:
    """Return the rates of every day that worths of these transactions may be asked for."""
    currencies, days = await asyncio.to_thread(_asked, entries)
    wanted = sorted(({*currencies, reporting} & set(CURRENCIES)) if currencies - {reporting} else ())
    return DayRates(reporting, {currency: await euro_rates(session, currency, days) for currency in wanted})


async def gaps_of(session: AsyncSession, user_id: UUID, entries: Sequence[Entry]) -> list[Gap]:
    """Return what the ledger does not hold of the history of wallets that are in the book."""
    wallets = {transaction.wallet for transaction, _ in entries if transaction.source == "wallet"}
    found: list[Gap] = []
    if (left_out := await repository.left_out(session, user_id)) > 0:
        found.append(Gap("", None, LEFT_OUT.format(left_out)))
    for covered in await ledger.coverage_of(session, user_id):
        if covered.wallet in wallets or covered.to_block < covered.from_block:
            found += _gaps(covered)
    return found


def _gaps(covered: Coverage) -> list[Gap]:
    def gap(reason: str, **when: object) -> Gap:
        values = {"from_at": None, "to_at": None, **when}
        return Gap(covered.wallet, covered.chain_id, reason, **values)  # type: ignore[arg-type]

    if covered.to_block < covered.from_block:
        return [gap(covered.problem or NOT_READ)]
    found = [] if covered.reached_start else [gap(NO_START)]
    if covered.to_block_at is not None and covered.to_block_at < utc_now() - BEHIND:
        found.append(gap(covered.problem or ENDS, from_at=covered.to_block_at))
    if not covered.native_is_known:
        found.append(gap(NO_CALLS, is_of_currency=True))
    return found


def _asked(entries: Iterable[Entry]) -> tuple[set[str], list[date]]:
    """Return the currencies that worths are in, and all days from before the first to after the last of them."""
    currencies: set[str] = set()
    first: date | None = None
    last: date | None = None
    for transaction, edit in entries:
        day = transaction.happened_at.astimezone(UTC).date()
        days = [day]
        for worth in _worths(transaction, edit):
            currencies.add(worth.currency)
            if worth.as_of is not None:
                days.append(worth.as_of.astimezone(UTC).date())
        currencies |= {leg.asset.removeprefix(FIAT_PREFIX) for leg in _fiat(transaction)}
        if transaction.acquired_at is not None:
            days.append(transaction.acquired_at.astimezone(UTC).date())
        first = min(days) if first is None else min(first, *days)
        last = max(days) if last is None else max(last, *days)
    if first is None or last is None:
        return currencies, []
    # A day of the place's zone may be the one before or after.
    count = (last - first).days + 3
    return currencies, [first + timedelta(days=place - 1) for place in range(count)]


def _worths(transaction: TaxTransaction, edit: Edit | None) -> Iterable[Worth]:
    for leg in (*transaction.legs, *transaction.fees):
        if leg.worth is not None:
            yield leg.worth
    for worth in (transaction.basis, transaction.portfolio_worth):
        if worth is not None:
            yield worth
    if edit is not None:
        yield from (edit.worths or {}).values()
        yield from (edit.fee_worths or {}).values()
        yield from (worth for worth in (edit.basis, edit.portfolio_worth) if worth is not None)


def _fiat(transaction: TaxTransaction) -> Iterable[TaxLeg]:
    return (leg for leg in (*transaction.legs, *transaction.fees) if leg.asset.startswith(FIAT_PREFIX))
