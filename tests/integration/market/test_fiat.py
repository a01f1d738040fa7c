"""Euro reference rates: fetched over a real socket, stored once, and read with the weekend rule."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from backend.core import clock
from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.job_runner import JobRunner
from backend.core.jobs import defer
from backend.core.settings import Settings
from backend.market.fiat.service import fiat_rate, fiat_rates
from backend.market.fiat.tasks import EVERY_SECONDS, last_published_day, refresh_rates
from backend.market.ladder.problems import SourceError
from backend.worker.jobs import all_tasks
from tests.doubles.price_sources import Fault, PriceDouble, price_double

MONDAY_NOON = datetime(2024, 3, 18, 18, 0, tzinfo=UTC).timestamp()
NAMES = ("USD", "JPY", "GBP", "CHF", "AUD", "CAD")
RATES = [
    ("2024-03-18", dict(zip(NAMES, ("1.0872", "162.43", "0.85445", "0.9655", "1.6585", "1.4722"), strict=True))),
    ("2024-03-15", dict(zip(NAMES[:5], ("1.0890", "161.69", "0.85458", "0.9614", "1.6598"), strict=True))),
    ("2024-03-14", dict(zip(NAMES, ("1.0925", "161.68", "0.85485", "0.9628", "1.6563", "1.4745"), strict=True))),
]


@pytest.fixture
async def double() -> AsyncIterator[PriceDouble]:
    clock.use_clock(lambda: MONDAY_NOON)
    async with price_double() as running:
        running.rates = RATES
        yield running
    clock.use_clock(None)


@pytest.fixture
async def database(fresh_database_urls) -> AsyncIterator[Database]:
    database = Database(fresh_database_urls.worker, pool_size=2)
    yield database
    await database.close()


@pytest.fixture
def settings(make_settings: Callable[..., Settings], double: PriceDouble) -> Settings:
    return make_settings(ecb_rates_url=double.ecb_url)


@pytest.mark.parametrize("as_zip", [True, False])
async def test_rates_are_fetched_once_and_cross_rates_are_of_one_day(
    settings: Settings, double: PriceDouble, database: Database, as_zip: bool
) -> None:
    double.as_zip = as_zip
    assert await refresh_rates(settings, database) == 17
    assert await refresh_rates(settings, database) == 0 and double.asked["ecb"] == 1, (
        "today's is there: nobody is asked"
    )
    async with database.unit_of_work() as session:
        pound = await fiat_rate(session, "gbp", date(2024, 3, 14))
        assert pound is not None and pound.per_usd == Decimal("0.782471395881007"), "0.85485 / 1.0925"
        assert pound.of_usd(Decimal("100")) == Decimal("78.247139588100700000")
        euro = await fiat_rate(session, "EUR", datetime(2024, 3, 14, 23, 59, tzinfo=UTC))
        assert euro is not None and euro.per_usd == Decimal("0.915331807780320")
        dollar = await fiat_rate(session, "USD", date(1990, 1, 1))
        assert dollar is not None and dollar.per_usd == 1
        with pytest.raises(InvalidInputError):
            await fiat_rate(session, "XAU", date(2024, 3, 14))


async def test_weekends_have_fridays_rate_and_say_so(
    settings: Settings, double: PriceDouble, database: Database
) -> None:
    await refresh_rates(settings, database)
    days = [date(2024, 3, day) for day in range(13, 20)]
    async with database.unit_of_work() as session:
        yen = await fiat_rates(session, "JPY", days)
        assert {day.day: rate.as_of.day for day, rate in yen.items()} == {
            14: 14,
            15: 15,
            16: 15,
            17: 15,
            18: 18,
            19: 18,
        }
        canadian = await fiat_rates(session, "CAD", days)
        assert canadian[date(2024, 3, 16)].as_of == date(2024, 3, 14), (
            "Friday's was not published: both legs are of one day"
        )
        later = await fiat_rates(session, "JPY", [date(2024, 3, 24), date(2024, 3, 25), date(2024, 4, 20)])
        assert set(later) == {date(2024, 3, 24)}, "without any rate in the week before it, a day is unknown"


async def test_a_rate_that_is_there_stays(settings: Settings, double: PriceDouble, database: Database) -> None:
    await refresh_rates(settings, database)
    double.rates = [("2024-03-19", {**RATES[0][1], "USD": "1.0854"}), ("2024-03-18", {**RATES[0][1], "USD": "2"})]
    clock.use_clock(lambda: MONDAY_NOON + 86_400)
    assert await refresh_rates(settings, database) == 6
    async with database.unit_of_work() as session:
        euro = await fiat_rate(session, "EUR", date(2024, 3, 18))
    assert euro is not None and euro.per_usd == Decimal("0.919793966151582")


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.SERVER_ERROR, Fault.REFUSED, Fault.THROTTLE, Fault.OVERSIZED])
async def test_the_ecb_is_away(settings: Settings, double: PriceDouble, database: Database, fault: Fault) -> None:
    double.faults["ecb"] = fault
    with pytest.raises(SourceError):
        await refresh_rates(settings, database)
    async with database.unit_of_work() as session:
        assert await fiat_rate(session, "EUR", date(2024, 3, 18)) is None


async def test_the_demo_asks_nobody_unless_told_to(make_settings, database: Database, double: PriceDouble) -> None:
    assert make_settings().is_demo_chain and not make_settings().asks_ecb
    assert await refresh_rates(make_settings(), database) == 0
    assert make_settings(chains={1: ["https://rpc.example"]}).asks_ecb
    assert not make_settings(chains={1: ["https://rpc.example"]}, ecb_rates_url="").asks_ecb


def test_when_rates_should_be_out() -> None:
    at = [datetime(2024, 3, day, hour, tzinfo=UTC) for day in (15, 16, 17, 18) for hour in (9, 16)]
    assert [last_published_day(moment).day for moment in at] == [14, 15, 15, 15, 15, 15, 15, 18]


async def test_the_job_asks_at_once_and_then_every_three_hours(
    settings: Settings, double: PriceDouble, database: Database, redis: Redis
) -> None:
    async def do() -> None:
        async with database.unit_of_work() as session:
            await defer(session, "fiat.refresh", timestamp=0)
        await JobRunner(settings, database, redis, all_tasks()).run_until_idle()

    double.rates = RATES[1:]  # today is a holiday
    await do()
    await do()
    assert double.asked["ecb"] == 1 and 0 < await redis.ttl("fiat:v1:asked") <= EVERY_SECONDS
    await redis.delete("fiat:v1:asked")
    await do()
    assert double.asked["ecb"] == 2
