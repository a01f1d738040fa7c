"""The ladder over real sockets, PostgreSQL and Redis: who is asked, who is taken, what is stored, what is unknown."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text

from backend.chain.events import NATIVE_TOKEN
from backend.core import clock
from backend.core.clock import from_unix, utc_now
from backend.core.db import Database
from backend.core.settings import Settings
from backend.market import repository as readings
from backend.market.engine.grid import Step
from backend.market.ladder.benchmarks import Benchmark
from backend.market.ladder.history import MOST_POINTS
from backend.market.ladder.ladder import Ladder
from backend.market.ladder.notes import read_note
from backend.market.ladder.service import benchmark_or_fill
from tests.doubles.price_sources import Fault, PriceDouble, price_double

WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
UNI = "0x" + "7" * 40  # no feed is about it: the chain does not answer here
HOUR, DAY = 3_600, 86_400
NOWHERE = "http://127.0.0.1:1"


@dataclass
class Setting:
    """A double, a database and Redis, and ladders that use them."""

    double: PriceDouble
    settings: Settings
    database: Database
    redis: Redis
    made: list[Ladder]

    def ladder(self, **changes: object) -> Ladder:
        settings = self.settings.model_copy(update=changes)
        self.made.append(Ladder(settings, self.database, self.redis, stores=True))
        return self.made[-1]

    async def store_reading(self, token: str, price: str, ago: int = 20, depth: int = 5_000_000) -> None:
        at = from_unix(int(clock.now_seconds()) - ago)
        row = {
            "chain_id": 1,
            "token": token,
            "taken_at": at,
            "block_hash": f"0x{ago:064x}",
            "block_number": 10_000_000 - ago,
            "price_usd": Decimal(price),
            "liquidity_usd": Decimal(depth),
            "source": "Uniswap V3 pool",
        }
        async with self.database.unit_of_work() as session:
            await readings.ensure_partition(session, at)
            await readings.insert_readings(session, [row])


@pytest.fixture
async def there(make_settings: Callable[..., Settings], fresh_database_urls, redis: Redis) -> AsyncIterator[Setting]:
    async with price_double() as double:
        double.prices = {
            f"ethereum:{WETH}": Decimal("3000"),
            "coingecko:ethereum": Decimal("3000"),
            f"ethereum:{UNI}": Decimal("7.5"),
            "coingecko:bitcoin": Decimal("90000"),
            f"ethereum/{WETH}": Decimal("3003"),
            f"ethereum/{UNI}": Decimal("7.51"),
            "ethereum": Decimal("3001"),
            "bitcoin": Decimal("90010"),
        }
        settings = make_settings(
            worker_database_url=fresh_database_urls.worker,
            chains={1: [NOWHERE]},
            rpc_timeout_seconds=0.2,
            defillama_coins_url=double.defillama_url,
            defillama_requests_per_minute=10_000,
            coingecko_api_key=double.key,
            coingecko_api_url=double.coingecko_url,
            coingecko_requests_per_minute=10_000,
            sp500_csv_url=double.sp500_url,
            price_timeout_seconds=1.0,
        )
        database = Database(fresh_database_urls.worker, pool_size=4)
        setting = Setting(double, settings, database, redis, [])
        yield setting
        for ladder in setting.made:
            await ladder.close()
        await database.close()


async def test_one_answer_is_taken_and_the_others_stand_beside_it(there: Setting) -> None:
    await there.store_reading(UNI, "7.49")
    quotes = await there.ladder().quotes([(1, UNI), (1, WETH), (1, "0x" + "9" * 40)])
    assert set(quotes) == {(1, UNI), (1, WETH)}, "unknown stays unknown"
    uni = quotes[1, UNI]
    assert (uni.price_usd, uni.source, uni.is_stale) == (Decimal("7.5"), "DefiLlama", False)
    assert {(other.source, other.price_usd) for other in uni.others} == {
        ("CoinGecko", Decimal("7.51")),
        ("On-chain pools", Decimal("7.49")),
    }
    assert uni.disagreement_pct is not None and 0 < uni.disagreement_pct < 1 and not uni.disagrees
    assert uni.confidence == Decimal("0.99")


async def test_a_disagreement_is_carried_and_the_odd_one_passed_over(there: Setting) -> None:
    there.double.prices[f"ethereum:{UNI}"] = Decimal("9")
    pair = await there.ladder().quotes([(1, UNI)])
    assert pair[1, UNI].price_usd == 9 and pair[1, UNI].disagrees, "two against each other: the order decides"
    await there.store_reading(UNI, "7.49")
    three = await there.ladder().quotes([(1, UNI)])
    assert three[1, UNI].source == "CoinGecko" and three[1, UNI].disagrees
    assert three[1, UNI].confidence < Decimal("0.7")


async def test_a_stablecoin_taken_as_a_dollar_proves_nothing(there: Setting) -> None:
    await there.store_reading(USDC, "1")
    alone = (await there.ladder().quotes([(1, USDC)]))[1, USDC]
    assert alone.price_usd == 1 and alone.confidence == Decimal("0.5")
    there.double.prices[f"ethereum:{USDC}"] = Decimal("0.88")
    await there.redis.flushall()
    depegged = (await there.ladder().quotes([(1, USDC)]))[1, USDC]
    assert depegged.price_usd == Decimal("0.88") and depegged.disagreement_pct is None


async def test_the_next_rung_takes_over_and_the_failing_source_is_demoted(there: Setting) -> None:
    there.double.faults["llama"] = Fault.HTML
    ladder = there.ladder()
    now = [clock.now_seconds()]
    clock.use_clock(lambda: now[0])
    try:
        for _ in range(8):
            now[0] += 301  # CoinGecko is asked again
            ladder._web.clients[0].breaker.succeeded()  # its clock is another one
            quote = (await ladder.quotes([(1, UNI)]))[1, UNI]
            assert quote.source == "CoinGecko"
        assert ladder.quoting.standing("defillama").is_demoted(int(now[0]))
        assert not ladder.quoting.standing("coingecko").is_demoted(int(now[0]))
        asked = there.double.asked["llama"]
        assert (await ladder.quotes([(1, UNI)]))[1, UNI].source == "CoinGecko"
        assert there.double.asked["llama"] == asked, "it is not asked while others know"
        there.double.faults.clear()
        del there.double.prices[f"ethereum/{UNI}"]
        now[0] += 301
        assert ladder.quoting.standing("defillama").is_demoted(int(now[0])) is False
    finally:
        clock.use_clock(None)
    note = await read_note(there.redis, "defillama")
    assert note.answered_at is None and note.problem == "the answer is HTML"


async def test_a_demoted_source_is_asked_for_what_nobody_else_knows(there: Setting) -> None:
    ladder = there.ladder()
    quoting = ladder.quoting
    from backend.market.engine.standing import Standing

    quoting._standings["defillama"] = Standing(demoted_until=int(clock.now_seconds()) + 300, times=1)
    only_llama = "0x" + "5" * 40
    there.double.prices[f"ethereum:{only_llama}"] = Decimal("2")
    quotes = await ladder.quotes([(1, UNI), (1, only_llama)])
    assert (quotes[1, UNI].source, quotes[1, only_llama].source) == ("CoinGecko", "DefiLlama")
    assert there.double.requests.count(f"/llama/prices/current/ethereum:{only_llama}") == 1


async def test_an_old_answer_comes_with_its_age(there: Setting) -> None:
    there.double.taken_ago_seconds = 5 * HOUR
    await there.store_reading(UNI, "7.0", ago=1200)
    quote = (await there.ladder().quotes([(1, UNI)]))[1, UNI]
    assert quote.is_stale and quote.source == "On-chain pools", "the newest of the old ones"
    assert 1195 < (utc_now() - quote.taken_at).total_seconds() < 1230
    assert quote.confidence == (Decimal("0.95") * 600 / 1200).quantize(Decimal("0.001")) or quote.confidence < 1


async def test_a_page_does_not_wait_for_a_source_that_stalls(there: Setting) -> None:
    settings = there.settings.model_copy(update={"price_timeout_seconds": 30.0})
    page = Ladder(settings, there.database, there.redis)
    there.made.append(page)
    page.quoting._patience_seconds = 0.5
    there.double.faults["llama"] = Fault.STALL
    assert (await page.quotes([(1, UNI)]))[1, UNI].source == "CoinGecko"
    there.double.faults.clear()
    there.double.delay_seconds = 1.0
    there.double.prices[f"ethereum:{WETH}"] = Decimal("3333")
    assert await page.quotes([(1, WETH)]) == {}, "nobody was in time"
    await asyncio.sleep(1.0)
    there.double.delay_seconds = 0.0
    asked = there.double.asked.copy()
    assert (await page.quotes([(1, WETH)]))[1, WETH].source == "DefiLlama", "its answer is there for who asks next"
    assert there.double.asked == asked


async def test_everything_gone_for_a_day(there: Setting) -> None:
    await there.ladder().quotes([(1, UNI)])
    there.double.faults = {"llama": Fault.HANG_UP, "gecko": Fault.SERVER_ERROR}
    now = [clock.now_seconds() + 12 * HOUR]
    clock.use_clock(lambda: now[0])
    try:
        half = (await there.ladder().quotes([(1, UNI)]))[1, UNI]
        assert half.is_stale and half.price_usd == Decimal("7.5")
        now[0] += 13 * HOUR
        assert await there.ladder().quotes([(1, UNI)]) == {}, "after a day it is unknown, not yesterday's"
    finally:
        clock.use_clock(None)


async def test_as_of_a_block_of_now_pools_answer_as_of_then(there: Setting) -> None:
    await there.store_reading(UNI, "7.40", ago=60)
    await there.store_reading(UNI, "7.60", ago=10)
    ladder = there.ladder(defillama_coins_url="", coingecko_api_key=SecretStr(""))
    at = utc_now() - timedelta(seconds=30)
    then, now = await ladder.quotes([(1, UNI)], at=at), await ladder.quotes([(1, UNI)])
    assert (then[1, UNI].price_usd, now[1, UNI].price_usd) == (Decimal("7.4"), Decimal("7.6"))


async def test_nobody_outside_is_asked_in_the_demo(there: Setting) -> None:
    ladder = there.ladder(chains={})
    assert await ladder.quotes([(1, UNI), (31337, UNI)]) == {}
    end = utc_now()
    assert await ladder.history((1, UNI), end - timedelta(days=3), end, "day") == []
    assert await ladder.benchmark(Benchmark.SP500, end - timedelta(days=3), end) == []
    assert sum(there.double.asked.values()) == 0


# --- history


async def stored(there: Setting) -> int:
    async with there.database.unit_of_work() as session:
        return int((await session.execute(text("select count(*) from price_points"))).scalar_one())


async def test_history_is_fetched_once_stored_and_read_for_ever(there: Setting) -> None:
    there.double.trend = lambda _, moment: Decimal(moment) / 1_000_000
    end = utc_now()
    start = end - timedelta(days=400)
    points = await there.ladder().history((1, NATIVE_TOKEN), start, end, "day")
    assert len(points) == 400 or len(points) == 401
    assert all(
        source == "DefiLlama" and abs(price - Decimal(int(at.timestamp())) / 1_000_000) < Decimal("0.001")
        for at, price, source in points
    )
    assert all(at.hour == at.minute == 0 for at, _, _ in points)
    assert await stored(there) >= 399
    there.double.faults = {"llama": Fault.SERVER_ERROR, "gecko": Fault.SERVER_ERROR}
    again = await there.ladder().history((1, NATIVE_TOKEN), start, end - timedelta(days=1), "day")
    assert again == points[: len(again)] and len(again) >= 399, "word for word, without asking anybody"


async def test_the_second_source_fills_what_the_first_lacks(there: Setting) -> None:
    del there.double.prices[f"ethereum:{UNI}"]
    end = utc_now()
    points = await there.ladder().history((1, UNI), end - timedelta(days=5), end, "hour")
    assert len(points) >= 119 and {source for _, _, source in points} == {"CoinGecko"}


async def test_what_nobody_has_is_not_asked_for_again_at_once(there: Setting) -> None:
    end = utc_now()
    ladder = there.ladder()
    nothing = (1, "0x" + "9" * 40)
    assert await ladder.history(nothing, end - timedelta(days=30), end - timedelta(days=2), "day") == []
    asked = there.double.asked.copy()
    assert await ladder.history(nothing, end - timedelta(days=30), end - timedelta(days=2), "day") == []
    assert there.double.asked == asked
    there.double.prices[f"ethereum:{nothing[1]}"] = Decimal("3")
    await there.redis.flushall()
    assert len(await ladder.history(nothing, end - timedelta(days=30), end - timedelta(days=2), "day")) == 28


async def test_a_source_that_failed_is_asked_again(there: Setting) -> None:
    there.double.faults = {"llama": Fault.REFUSED, "gecko": Fault.REFUSED}
    end = utc_now() - timedelta(days=1)
    assert await there.ladder().history((1, UNI), end - timedelta(days=5), end, "day") == []
    there.double.faults = {}
    assert len(await there.ladder().history((1, UNI), end - timedelta(days=5), end, "day")) == 5


async def test_moments_are_the_nearest_hours(there: Setting) -> None:
    there.double.trend = lambda _, moment: Decimal(moment) / 1_000_000
    base = (utc_now() - timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    wanted = [((1, WETH), base + timedelta(minutes=minutes)) for minutes in (0, 29, 31, 300, 10_000)]
    del there.double.prices[f"ethereum:{UNI}"]
    wanted.append(((1, UNI), base))
    found = await there.ladder().at_moments(wanted)
    hours = [(point.taken_at - base).total_seconds() / HOUR for (key, _), point in found.items() if key.token == WETH]
    assert hours == [0, 0, 1, 5], "the last one is still to come"
    assert found[(1, UNI), base].source == "CoinGecko", "by its history, since it has no moments"  # type: ignore[index]
    asked = there.double.asked.copy()
    assert await there.ladder().at_moments(wanted[:4]) == {each: found[each] for each in list(found)[:4]}
    assert there.double.asked == asked
    old = await there.ladder().quotes([(1, WETH)], at=base)
    assert old[1, WETH].taken_at == found[(1, WETH), base].observed_at  # type: ignore[index]


async def test_a_range_of_too_many_points_is_refused(there: Setting) -> None:
    from backend.core.errors import InvalidInputError

    end = utc_now()
    with pytest.raises(InvalidInputError):
        await there.ladder().history((1, UNI), end - timedelta(hours=MOST_POINTS + 2), end, "hour")


async def test_points_cannot_be_changed_by_anybody_who_serves(there: Setting, fresh_database_urls) -> None:
    from sqlalchemy.exc import DBAPIError

    end = utc_now() - timedelta(days=2)
    await there.ladder().history((1, UNI), end - timedelta(days=5), end, "day")
    for statement in ("update price_points set price_usd = 1", "delete from price_points"):
        with pytest.raises(DBAPIError):
            async with there.database.unit_of_work() as session:
                await session.execute(text(statement))
    web = Database(fresh_database_urls.app, pool_size=1)
    with pytest.raises(DBAPIError):
        async with web.unit_of_work() as session:
            await session.execute(text("insert into price_points values (1, 'x', 'day', now(), now(), 1, 'somebody')"))
    await web.close()


# --- benchmarks


async def test_benchmarks(there: Setting) -> None:
    now = [1_784_600_000.0]  # Tuesday, 21 July 2026, 02:13 UTC
    clock.use_clock(lambda: now[0])
    try:
        there.double.closes = [
            *(("2026-07-15", "7500"), ("2026-07-16", "7533.77"), ("2026-07-17", "7520.5"), ("2026-07-20", "7475.8"))
        ]
        ladder = there.ladder()
        index = await ladder.benchmark(Benchmark.SP500, utc_now() - timedelta(days=5), utc_now())
        assert [(point.taken_at.day, point.observed_at.day, str(point.price_usd)) for point in index] == [
            (17, 16, "7533.77"),
            (18, 17, "7520.5"),
            (19, 17, "7520.5"),
            (20, 17, "7520.5"),
            (21, 20, "7475.8"),
        ], "midnight has the close of the day that ends; weekends have Friday's, and say so"
        bitcoin = await ladder.benchmark(Benchmark.BTC, utc_now() - timedelta(days=3), utc_now(), Step.DAY)
        assert [point.price_usd for point in bitcoin] == [90_000] * 3
        async with there.database.unit_of_work() as session:
            found = await benchmark_or_fill(
                session, there.settings, ladder, Benchmark.SP500, utc_now() - timedelta(days=2), utc_now()
            )
            assert found is not None and [(p.taken_at.day, p.price_usd) for p in found.points] == [
                (20, Decimal("7520.5"))
            ]
            demo = there.settings.model_copy(update={"chains": {}})
            assert await benchmark_or_fill(session, demo, ladder, Benchmark.SP500, utc_now(), utc_now()) is None
        assert await there.ladder(sp500_csv_url="").benchmark(Benchmark.SP500, utc_now(), utc_now()) == []
    finally:
        clock.use_clock(None)
