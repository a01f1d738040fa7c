"""A book from real rows: transactions, currencies by the reference rates, gaps of the ledger."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.ledger.events import Kind, Leg
from backend.market.fiat import repository as fiat_repository
from backend.market.fiat.service import EuroRate
from backend.portfolio.snapshots.records import row_of
from backend.portfolio.snapshots.repository import NativeStore
from backend.tax import book_service, repository, store
from backend.tax.book_service import ENDS, NO_CALLS, NO_START, NOT_READ, DayRates
from backend.tax.books import Book, IssueKind, TaxSettings
from backend.tax.engine.calculate import calculate
from backend.tax.transactions import Edit, TaxLeg, TransactionKind, Worth
from tests.integration.ledger.events import NATIVE, WALLET, event
from tests.integration.portfolio.snapshots.conftest import worth as worth_at
from tests.integration.tax.conftest import Taxpayer
from tests.unit.tax.made import START, made

BOUGHT = made(
    1,
    kind=TransactionKind.BUY,
    legs=(
        TaxLeg("ETH", "ETH", Decimal(2), Worth(Decimal(1000), "EUR", "file")),
        TaxLeg("fiat:EUR", "EUR", Decimal(-1000)),
    ),
)
SOLD = made(
    2,
    kind=TransactionKind.SELL,
    happened_at=START + timedelta(days=40),
    legs=(TaxLeg("ETH", "ETH", Decimal(-1)), TaxLeg("fiat:EUR", "EUR", Decimal(900))),
)


@pytest.fixture
async def rates(worker_database: Database) -> None:
    """1 euro is 1.10 dollars and 0.85 pounds in March, 1.20 and 0.90 from April on."""
    rows = [
        (currency, date(2024, month, 1) + timedelta(days=day), Decimal(rate))
        for month, dollars, pounds in ((3, "1.10", "0.85"), (4, "1.20", "0.90"))
        for day in range(28)
        for currency, rate in (("USD", dollars), ("GBP", pounds))
    ]
    async with worker_database.unit_of_work() as session:
        await fiat_repository.insert_rates(session, rows, "ECB", utc_now())


async def book(taxpayer: Taxpayer, settings: TaxSettings | None = None) -> Book:
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        return await book_service.book_of(session, taxpayer.id, settings)


async def write(taxpayer: Taxpayer) -> None:
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        await store.add_transactions(session, taxpayer.id, [BOUGHT, SOLD])


@pytest.mark.parametrize(
    ("settings", "gain"),
    [
        (TaxSettings(), Decimal("1080") - Decimal("550")),
        (TaxSettings(jurisdiction="DE", currency="EUR"), Decimal(400)),
        (TaxSettings(jurisdiction="UK", currency="GBP"), Decimal("810") - Decimal("425")),
    ],
)
async def test_worths_count_in_the_reporting_currency_of_their_day(
    taxpayer: Taxpayer, rates: None, settings: TaxSettings, gain: Decimal
):
    await write(taxpayer)
    found = await book(taxpayer, settings)
    assert (found.transactions, found.settings, found.version) == (2, settings, await taxpayer.version())
    (disposal,) = calculate(found.events, found.engine).outcome.disposals
    assert disposal.gain is not None
    assert disposal.gain == gain


async def test_what_has_no_rate_is_unknown_and_not_zero(taxpayer: Taxpayer):
    long_ago = [replace(each, happened_at=each.happened_at - timedelta(days=4000)) for each in (BOUGHT, SOLD)]
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        await store.add_transactions(session, taxpayer.id, long_ago)
    found = await book(taxpayer)
    assert calculate(found.events, found.engine).outcome.disposals[0].gain is None
    assert {each.kind for each in found.issues} >= {IssueKind.MISSING_PRICE}


async def test_edits_and_choices_of_the_user_count(taxpayer: Taxpayer, rates: None):
    await write(taxpayer)
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        edit = Edit(kind=TransactionKind.GIFT_OUT, reason="given to my son")
        await store.edit_transactions(session, taxpayer.id, {SOLD.id: edit})
    found = await book(taxpayer)
    assert [each.kind.value for each in found.events][1] == "gift_out"
    excluded = await book(taxpayer, TaxSettings(excluded_wallets=frozenset({WALLET_OF_FILE})))
    assert list(excluded.events) == []


WALLET_OF_FILE = BOUGHT.wallet


async def test_what_the_ledger_does_not_hold_is_said(taxpayer: Taxpayer):
    async def reasons() -> list[str]:
        return [each.message for each in (await book(taxpayer)).issues if each.kind is IssueKind.INCOMPLETE_HISTORY]

    await taxpayer.past(event(5, legs=(Leg(token=NATIVE, amount_raw=10**18),)))
    await taxpayer.sync()
    assert any(NOT_READ in each for each in await reasons())
    async with taxpayer.admin.unit_of_work() as session:
        await session.execute(
            text("update ledger_coverage set from_block = 1, to_block = 9, to_block_at = now() - interval '2 days'")
        )
    said = " ".join(await reasons())
    assert all(words in said for words in (NO_START, ENDS, NO_CALLS))
    async with taxpayer.admin.unit_of_work() as session:
        await session.execute(
            text("update ledger_coverage set reached_start = true, native_is_known = true, to_block_at = now()")
        )
    assert await reasons() == []
    async with taxpayer.worker.unit_of_work() as session:
        await repository.note_synced(session, taxpayer.id, "mark", utc_now(), 1234)
    assert "1,234 newest transactions" in " ".join(await reasons())
    assert all(transaction.wallet == WALLET for transaction, _ in await taxpayer.entries())


def test_a_rate_has_both_sides_of_the_same_day():
    day, other, third = date(2024, 3, 1), date(2024, 3, 2), date(2024, 3, 3)
    rates = DayRates(
        "GBP",
        {
            "GBP": {day: EuroRate(day, Decimal("0.8")), third: EuroRate(other, Decimal("0.8"))},
            "USD": {each: EuroRate(day, Decimal("1.25")) for each in (day, other, third)},
        },
    )
    assert rates.rate("GBP", other) == 1
    assert rates.rate("USD", day) == Decimal("0.64")
    assert rates.rate("USD", other) is None
    assert rates.rate("USD", third) is None
    assert rates.rate("XXX", day) is None


async def test_france_is_told_what_everything_was_worth_where_a_snapshot_knows(taxpayer: Taxpayer):
    now = utc_now().replace(minute=30, second=0, microsecond=0) - timedelta(hours=5)
    sold = event(5, kind=Kind.SWAP, legs=(Leg(token=NATIVE, amount_raw=-(10**18)),), happened_at=now)
    early = event(4, kind=Kind.SWAP, legs=(Leg(token=NATIVE, amount_raw=-1),), happened_at=now - timedelta(hours=3))
    await taxpayer.past(early, sold)
    await taxpayer.sync()
    snapshots = [
        worth_at(taxpayer.id, now - timedelta(minutes=20), "1000"),
        worth_at(taxpayer.id, now + timedelta(minutes=50), "9"),
        worth_at(taxpayer.id, now - timedelta(hours=3, minutes=10), "5", is_complete=False),
    ]
    async with taxpayer.worker.unit_of_work() as session:
        await NativeStore(session).write([row_of(each) for each in snapshots])

    async def values(settings: TaxSettings) -> list[Decimal | None]:
        return [each.portfolio_value for each in (await book(taxpayer, settings)).events if each.out]

    france = TaxSettings(jurisdiction="FR", currency="USD")
    assert await values(france) == [None, Decimal(1000)]
    assert await values(TaxSettings()) == [None, None]
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:  # an exchange holds something that no snapshot knows
        await store.add_transactions(session, taxpayer.id, [made(1)])
    assert set(await values(france)) == {None}
