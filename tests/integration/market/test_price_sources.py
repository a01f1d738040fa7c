"""Adapters against servers that speak the sources' protocols, honestly and not."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from backend.chain.events import NATIVE_TOKEN
from backend.core import clock
from backend.core.breaker import BreakerState
from backend.market.engine.grid import Step
from backend.market.ladder.cache import CachedSource
from backend.market.ladder.client import Place, SourceClient
from backend.market.ladder.coingecko import CoinGecko
from backend.market.ladder.defillama import DefiLlama
from backend.market.ladder.platforms import NO_CHAIN
from backend.market.ladder.port import Key
from backend.market.ladder.problems import (
    SourceError,
    SourceGarbageError,
    SourceRefusedError,
    SourceRestingError,
    SourceThrottledError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from tests.doubles.price_sources import Fault, PriceDouble, price_double

WETH = Key(1, "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
USDC = Key(8453, "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913")
ETH, BASE_ETH, BTC = Key(1, NATIVE_TOKEN), Key(8453, NATIVE_TOKEN), Key(NO_CHAIN, "bitcoin")
DEMO = Key(31337, "0x" + "1" * 40)
HOUR, DAY = 3_600, 86_400


@pytest.fixture
async def double() -> AsyncIterator[PriceDouble]:
    async with price_double() as running:
        running.prices = {
            f"ethereum:{WETH.token}": Decimal("3012.123456789012"),
            "coingecko:ethereum": Decimal("3012.5"),
            f"base:{USDC.token}": Decimal("0.99991"),
            "coingecko:bitcoin": Decimal("91000.25"),
            f"ethereum/{WETH.token}": Decimal("3011.9"),
            f"base/{USDC.token}": Decimal("0.9998"),
            "ethereum": Decimal("3012.2"),
            "bitcoin": Decimal("91010"),
        }
        yield running


@pytest.fixture
async def llama(double: PriceDouble) -> AsyncIterator[DefiLlama]:
    client = SourceClient(Place("defillama", double.defillama_url, 10_000, 1.0))
    yield DefiLlama(client)
    await client.close()


@pytest.fixture
async def gecko(double: PriceDouble) -> AsyncIterator[CoinGecko]:
    client = SourceClient(Place("coingecko", double.coingecko_url, 10_000, 1.0, {"x-cg-demo-api-key": double.key}))
    yield CoinGecko(client)
    await client.close()


async def test_defillama_prices_tokens_currencies_and_coins(double: PriceDouble, llama: DefiLlama) -> None:
    unknown = Key(1, "0x" + "9" * 40)
    found = await llama.prices([WETH, USDC, ETH, BASE_ETH, BTC, unknown])
    assert {key: answer.price_usd for key, answer in found.items()} == {
        WETH: Decimal("3012.12345678901"),
        USDC: Decimal("0.99991"),
        ETH: Decimal("3012.5"),
        BASE_ETH: Decimal("3012.5"),
        BTC: Decimal("91000.25"),
    }
    assert found[WETH].confidence == Decimal("0.99")
    assert 55 <= clock.now_seconds() - found[WETH].taken_at <= 70
    assert double.asked["llama"] == 1, "one call for all, the currency of both chains once"
    assert not llama.covers(DEMO)


async def test_coingecko_prices_by_platform_and_id(double: PriceDouble, gecko: CoinGecko) -> None:
    found = await gecko.prices([WETH, USDC, ETH, BTC, Key(1, "0x" + "9" * 40)])
    assert {key: answer.price_usd for key, answer in found.items()} == {
        WETH: Decimal("3011.9"),
        USDC: Decimal("0.9998"),
        ETH: Decimal("3012.2"),
        BTC: Decimal("91010"),
    }
    assert double.asked["gecko"] == 3 and not gecko.covers(DEMO)


async def test_a_hundred_coins_a_call(double: PriceDouble, llama: DefiLlama) -> None:
    keys = [Key(1, f"0x{number:040x}") for number in range(1, 251)]
    double.prices |= {f"ethereum:{key.token}": Decimal(place + 1) for place, key in enumerate(keys)}
    found = await llama.prices(keys)
    assert [found[key].price_usd for key in keys] == [Decimal(place + 1) for place in range(250)]
    assert double.asked["llama"] == 3


@pytest.mark.parametrize("fault", [Fault.NAN, Fault.HTML, Fault.BROKEN_JSON, Fault.OVERSIZED, Fault.FOREIGN])
@pytest.mark.parametrize("which", ["llama", "gecko"])
async def test_garbage_is_an_error(
    double: PriceDouble, llama: DefiLlama, gecko: CoinGecko, which: str, fault: Fault
) -> None:
    double.faults[which] = fault
    with pytest.raises(SourceGarbageError):
        await (llama if which == "llama" else gecko).prices([WETH])
    assert double.asked[which] == 3, "tried again twice"


@pytest.mark.parametrize("fault", [Fault.NEGATIVE, Fault.HUGE, Fault.TEXT, Fault.MISSING, Fault.FUTURE])
@pytest.mark.parametrize("which", ["llama", "gecko"])
async def test_a_price_that_is_none_is_unknown(
    double: PriceDouble, llama: DefiLlama, gecko: CoinGecko, which: str, fault: Fault
) -> None:
    double.faults[which] = fault
    assert await (llama if which == "llama" else gecko).prices([WETH, ETH, BTC]) == {}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SERVER_ERROR, SourceUnreachableError),
        (Fault.HANG_UP, SourceUnreachableError),
        (Fault.STALL, SourceTimeoutError),
        (Fault.STALL_BODY, SourceTimeoutError),
    ],
)
async def test_three_failures_open_the_circuit_and_a_probe_closes_it(
    double: PriceDouble, fault: Fault, error: type[SourceError]
) -> None:
    client = SourceClient(Place("defillama", double.defillama_url, 10_000, 0.2))
    llama = DefiLlama(client)
    double.faults["llama"] = fault
    with pytest.raises(error):
        await llama.prices([WETH])
    assert client.breaker.state is BreakerState.OPEN
    asked = double.asked["llama"]
    with pytest.raises(SourceRestingError):
        await llama.prices([WETH])
    assert double.asked["llama"] == asked, "it is left alone"
    double.faults.clear()
    await asyncio.sleep(client.breaker.reopens_in_seconds + 0.05)
    assert (await llama.prices([WETH]))[WETH].price_usd > 3000
    assert client.breaker.state is BreakerState.CLOSED
    await client.close()


async def test_429_is_left_alone_for_as_long_as_it_asked(double: PriceDouble) -> None:
    client = SourceClient(Place("defillama", double.defillama_url, 10_000, 1.0))
    double.faults["llama"] = Fault.THROTTLE
    with pytest.raises(SourceThrottledError):
        await DefiLlama(client).prices([WETH])
    assert double.asked["llama"] == 1 and 6 < client.breaker.reopens_in_seconds <= 7
    await client.close()


async def test_a_key_that_is_refused_is_not_tried_again_and_again(double: PriceDouble) -> None:
    place = Place("coingecko", double.coingecko_url, 10_000, 1.0, {"x-cg-demo-api-key": "wrong"})
    client = SourceClient(place)
    with pytest.raises(SourceRefusedError):
        await CoinGecko(client).prices([WETH])
    assert client.breaker.reopens_in_seconds > 200 and "wrong" not in repr(place)
    await client.close()


async def test_our_own_limit_is_kept(double: PriceDouble) -> None:
    client = SourceClient(Place("defillama", double.defillama_url, 2, 1.0))
    llama = DefiLlama(client)
    await llama.prices([WETH])
    await llama.prices([WETH])
    with pytest.raises(SourceThrottledError):
        await llama.prices([WETH])
    assert double.asked["llama"] == 2 and client.breaker.state is BreakerState.CLOSED
    await client.close()


async def test_history_by_hour_and_day(double: PriceDouble, llama: DefiLlama, gecko: CoinGecko) -> None:
    double.trend = lambda _, moment: Decimal(moment) / 1_000_000
    end = int(clock.now_seconds()) // DAY * DAY
    for source in (llama, gecko):
        days = await source.history(ETH, end - 300 * DAY, end, Step.DAY)
        assert len(days) >= 300
        hours = await source.history(WETH, end - 100 * DAY, end, Step.HOUR)
        assert len(hours) >= 2400
        assert all(abs(each.price_usd - Decimal(each.taken_at) / 1_000_000) < Decimal("0.001") for each in hours)
    assert double.asked["llama"] == 1 + 5, "500 points a call"
    assert double.asked["gecko"] == 1 + 2, "daily beyond 90 days, so hours in parts of less"


async def test_a_demo_key_reaches_back_a_year(double: PriceDouble, gecko: CoinGecko) -> None:
    end = int(clock.now_seconds()) // DAY * DAY
    days = await gecko.history(ETH, end - 1000 * DAY, end, Step.DAY)
    assert 360 <= len({each.taken_at // DAY for each in days}) <= 366


async def test_moments_in_one_call(double: PriceDouble, llama: DefiLlama) -> None:
    double.trend = lambda _, moment: Decimal(moment) / 1_000_000
    now = int(clock.now_seconds()) // HOUR * HOUR
    wanted = [(key, now - hours * HOUR) for key in (ETH, WETH, BTC) for hours in range(1, 41)]
    found = await llama.moments([*wanted, (Key(1, "0x" + "9" * 40), now)], 1800)
    assert set(found) == set(wanted) and double.asked["llama"] == 2
    assert all(observation.taken_at == at - 30 for (_, at), observation in found.items())


# --- both caches


async def test_many_who_ask_at_once_ask_once(double: PriceDouble, llama: DefiLlama, redis: Redis) -> None:
    double.delay_seconds = 0.2
    here, elsewhere = CachedSource(llama, redis), CachedSource(llama, redis)
    asked = await asyncio.gather(*(cached.prices([WETH, BTC]) for cached in (here, elsewhere) for _ in range(20)))
    assert all(set(each.answers) == {WETH, BTC} and each.problem is None for each in asked)
    assert double.asked["llama"] == 1, "one process asks, the other sees its claim and waits"


async def test_unknown_is_kept_too_and_one_missing_asset_asks_for_that_alone(
    double: PriceDouble, llama: DefiLlama, redis: Redis
) -> None:
    unknown = Key(1, "0x" + "9" * 40)
    cached = CachedSource(llama, redis)
    assert set((await cached.prices([WETH, unknown])).answers) == {WETH}
    assert set((await cached.prices([WETH, unknown])).answers) == {WETH}
    assert double.asked["llama"] == 1
    await cached.prices([WETH, BTC, unknown])
    assert double.requests[-1].endswith("/prices/current/coingecko:bitcoin")


async def test_a_source_that_is_gone_answers_with_what_it_said_last_for_a_day(
    double: PriceDouble, llama: DefiLlama, redis: Redis
) -> None:
    now = [clock.now_seconds()]
    clock.use_clock(lambda: now[0])
    try:
        cached = CachedSource(llama, redis)
        first = await cached.prices([WETH])
        double.faults["llama"] = Fault.SERVER_ERROR
        now[0] += 12 * HOUR
        after = await CachedSource(llama, redis).prices([WETH])
        assert after.answers == first.answers and isinstance(after.problem, SourceUnreachableError)
        now[0] += 13 * HOUR
        assert (await cached.prices([WETH])).answers == {}, "what is a day old is unknown"
    finally:
        clock.use_clock(None)


async def test_without_redis_every_process_asks_for_itself(double: PriceDouble, llama: DefiLlama) -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    for cached in (CachedSource(llama, away), CachedSource(llama, None)):
        assert set((await cached.prices([WETH])).answers) == {WETH}
        assert set((await cached.prices([WETH])).answers) == {WETH}
    assert double.asked["llama"] == 2
    await away.aclose()


async def test_whoever_asks_may_go_away(double: PriceDouble, llama: DefiLlama, redis: Redis) -> None:
    double.delay_seconds = 0.3
    cached = CachedSource(llama, redis)
    first = asyncio.create_task(cached.prices([WETH]))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(cached.prices([WETH]))
    await asyncio.sleep(0.05)
    first.cancel()
    assert set((await second).answers) == {WETH}


async def test_what_another_version_wrote_is_as_good_as_nothing(
    double: PriceDouble, llama: DefiLlama, redis: Redis
) -> None:
    for value in (b"", b"{}", b"[1,2,3]", b'["x"]', b'[1,"NaN!",1,"1","",true,null]'):
        await redis.set(f"price:v1:defillama:1:{WETH.token}", value)
        assert set((await CachedSource(llama, redis).prices([WETH])).answers) == {WETH}
