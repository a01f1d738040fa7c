"""Worths for files by the ladder of prices, over real sockets and PostgreSQL: once, kept, asked again if unknown."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.core.clock import utc_now
from backend.core.jobs import JobContext
from backend.core.settings import Settings
from backend.market.ladder.ladder import Ladder
from backend.tax import store
from backend.tax.pricing import tasks
from backend.tax.pricing.service import Priced, price_transactions
from backend.tax.store import Written
from backend.tax.transactions import TaxTransaction, TransactionKind
from tests.doubles.price_sources import PriceDouble, price_double
from tests.integration.tax.conftest import Taxpayer
from tests.unit.tax.assembling.told import leg, tx, usd

AT = datetime(2021, 7, 19, 10, 31, tzinfo=UTC)
BTC = tx(1, TransactionKind.SWAP, AT, leg("BTC", "-0.5"), leg("NOBODYKNOWS", 3), fees=(leg("SOL", 1),), line=7)
TOLD = tx(2, TransactionKind.INCOME, AT + timedelta(days=1), leg("BTC", 1, usd(31_000)))
WALLET = tx(3, TransactionKind.DEPOSIT, AT, leg("BTC", 1), source="wallet")


@pytest.fixture
async def double() -> AsyncIterator[PriceDouble]:
    async with price_double() as made:
        made.prices = {"coingecko:bitcoin": Decimal("30000.5"), "coingecko:solana": Decimal(25)}
        yield made


@pytest.fixture
async def settings(make_settings: Callable[..., Settings], double: PriceDouble) -> Settings:
    return make_settings(
        chains={1: ["http://127.0.0.1:1"]},
        rpc_timeout_seconds=0.2,
        defillama_coins_url=double.defillama_url,
        defillama_requests_per_minute=10_000,
    )


@pytest.fixture
async def ladder(settings: Settings, taxpayer: Taxpayer, redis: Redis) -> AsyncIterator[Ladder]:
    made = Ladder(settings, taxpayer.worker, redis, stores=True)
    yield made
    await made.close()


async def add(taxpayer: Taxpayer, *rows: TaxTransaction) -> Written:
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        return await store.add_transactions(session, taxpayer.id, rows)


async def in_line(taxpayer: Taxpayer) -> list[tuple[int, bool]]:
    """The jobs that will price: how often it was tried in vain, and whether it is for later."""
    async with taxpayer.admin.unit_of_work() as session:
        rows = await session.execute(
            text(
                "select args ->> 'tries' as tries, scheduled_at > now() as later from procrastinate.procrastinate_jobs"
                " where task_name = 'tax.price' and args ->> 'user_id' = :id and status = 'todo' order by id"
            ),
            {"id": str(taxpayer.id)},
        )
        return [(int(row.tries), bool(row.later)) for row in rows]


async def test_what_a_file_does_not_price_is_priced_once_and_stays(
    taxpayer: Taxpayer, settings: Settings, ladder: Ladder, double: PriceDouble
):
    await add(taxpayer, BTC, TOLD, WALLET)
    before = await taxpayer.version()
    assert await price_transactions(taxpayer.worker, settings, ladder, taxpayer.id) == Priced(1, 1)
    rows = {each.id: each for each, _ in await taxpayer.entries()}
    sent, received = rows[BTC.id].legs
    assert sent.worth is not None
    assert (sent.worth.amount, sent.worth.currency, sent.worth.source) == (
        Decimal("15000.25"),
        "USD",
        "price of DefiLlama",
    )
    assert sent.worth.as_of is not None
    assert abs(sent.worth.as_of - AT) <= timedelta(hours=1)
    assert received.worth is None
    assert (rows[BTC.id].fees[0].worth or usd(0)).amount == 25
    assert (rows[TOLD.id], rows[WALLET.id]) == (TOLD, WALLET)
    assert await taxpayer.version() == before + 1

    double.prices["coingecko:bitcoin"] = Decimal(1)
    assert await price_transactions(taxpayer.worker, settings, ladder, taxpayer.id) == Priced(0, 1)
    assert await add(taxpayer, BTC, TOLD) == Written(0, 2)  # the same file again
    assert {each.id: each for each, _ in await taxpayer.entries()} == rows
    assert await taxpayer.version() == before + 1


async def test_what_a_source_says_anew_is_priced_anew(taxpayer: Taxpayer, settings: Settings, ladder: Ladder):
    await add(taxpayer, BTC)
    await price_transactions(taxpayer.worker, settings, ladder, taxpayer.id)
    await add(taxpayer, replace(BTC, legs=(leg("BTC", -2),), fees=()))
    assert await price_transactions(taxpayer.worker, settings, ladder, taxpayer.id) == Priced(1, 0)
    ((now, _),) = await taxpayer.entries()
    assert (now.legs[0].worth or usd(0)).amount == Decimal(60_001)


async def test_only_what_lacks_a_worth_is_put_in_line_and_the_unknown_is_asked_for_again(
    taxpayer: Taxpayer, settings: Settings, redis: Redis
):
    await add(taxpayer, TOLD, WALLET)
    assert await in_line(taxpayer) == []
    await add(taxpayer, BTC)
    assert await in_line(taxpayer) == [(0, False)]
    context = JobContext(settings=settings, database=taxpayer.worker, redis=redis, job_id=1, attempt=1)
    await tasks.price(context, str(taxpayer.id), 0)
    assert await in_line(taxpayer) == [(0, False), (1, True)]
    await tasks.price(context, str(taxpayer.id), len(tasks.TRY_AGAIN))
    assert len(await in_line(taxpayer)) == 2
    assert utc_now() > AT
