"""`/v1/prices`: what is asked, what is answered, and who may ask."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.formats import iso
from backend.core.job_runner import JobRunner
from backend.core.settings import Settings
from backend.worker.jobs import all_tasks
from tests.doubles.price_sources import Fault, PriceDouble, price_double
from tests.integration.api.conftest import Api, serving

WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
TOKEN = "0x" + "7" * 40


@pytest.fixture
async def double() -> AsyncIterator[PriceDouble]:
    async with price_double() as running:
        running.prices = {
            f"ethereum:{TOKEN}": Decimal("1234.5"),
            f"ethereum/{TOKEN}": Decimal("1300"),
            "coingecko:bitcoin": Decimal("90000"),
        }
        yield running


@pytest.fixture
def settings(make_settings: Callable[..., Settings], double: PriceDouble) -> Settings:
    return make_settings(
        chains={2: ["http://127.0.0.1:1"]},
        defillama_coins_url=double.defillama_url,
        coingecko_api_key=double.key,
        coingecko_api_url=double.coingecko_url,
        price_timeout_seconds=1.0,
    )


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with serving(settings) as running:
        yield running


async def test_prices_with_what_the_others_say(api: Api) -> None:
    client = api.client_of(await api.new_user())
    reply = await client.get(
        f"/v1/prices?assets=1:{TOKEN.upper().replace('0X', '0x')},0:bitcoin,1:{WETH}, 31337:native"
    )
    token, bitcoin, weth, native = reply.data["items"]
    assert token["priceUsd"] == "1234.5" and token["source"] == "DefiLlama" and token["takenAt"].endswith("Z")
    assert token["disagrees"] is True and token["others"][0]["source"] == "CoinGecko"
    assert Decimal(token["disagreementPct"]) == Decimal(token["others"][0]["distancePct"]) > 5
    assert (bitcoin["priceUsd"], bitcoin["disagreementPct"], bitcoin["others"]) == ("90000", None, [])
    assert weth["priceUsd"] is None and native["priceUsd"] is None, "unknown"


async def test_history_is_filled_by_a_job(
    api: Api, settings: Settings, worker_database: Database, redis: Redis
) -> None:
    client = api.client_of(await api.new_user())
    start, end = iso(utc_now() - timedelta(days=10)), iso(utc_now() - timedelta(days=1))
    path = f"/v1/prices/history?asset=1:{TOKEN}&step=day&start={start}&end={end}"
    first = (await client.get(path)).data
    assert first == {"asset": f"1:{TOKEN}", "step": "day", "points": [], "missing": 9, "isFilling": True}
    await client.get(path)
    await JobRunner(settings, worker_database, redis, all_tasks()).run_until_idle()
    filled = (await client.get(path)).data
    assert len(filled["points"]) == 9 and filled["missing"] == 0 and filled["isFilling"] is False
    assert filled["points"][0]["priceUsd"] == "1234.5" and filled["points"][0]["source"] == "DefiLlama"
    now = (await client.get(f"/v1/prices/history?asset=1:{TOKEN}&step=day&start={start}")).data
    assert now["isFilling"] is (now["missing"] > 0), "yesterday's midnight at most: today's may not be final"


async def test_what_nobody_has_is_not_filled_for_ever(
    api: Api, settings: Settings, worker_database: Database, redis: Redis
) -> None:
    client = api.client_of(await api.new_user())
    path = f"/v1/prices/history?asset=1:0x{'9' * 40}&step=hour"
    assert (await client.get(path)).data["isFilling"] is True
    await JobRunner(settings, worker_database, redis, all_tasks()).run_until_idle()
    after = (await client.get(path)).data
    assert (after["points"], after["isFilling"]) == ([], False) and after["missing"] >= 167
    foreign = (await client.get("/v1/prices/history?asset=999999:native&step=day")).data
    assert foreign["isFilling"] is False and foreign["missing"] >= 364, "there is no source to ask"


async def test_a_source_that_is_gone_takes_no_answer_away(api: Api, double: PriceDouble) -> None:
    double.faults = {"llama": Fault.SERVER_ERROR}
    client = api.client_of(await api.new_user())
    (token,) = (await client.get(f"/v1/prices?assets=1:{TOKEN}")).data["items"]
    assert (token["priceUsd"], token["source"]) == ("1300", "CoinGecko")


@pytest.mark.parametrize(
    "query",
    ["", "assets=", "assets=1", "assets=1:0x12", "assets=x:native", "assets=1:native%3Bdrop", "assets=0:native-coin"],
)
async def test_what_is_no_asset(api: Api, query: str) -> None:
    client = api.client_of(await api.new_user())
    reply = await client.get(f"/v1/prices?{query}")
    assert (reply.status, reply.error["code"]) == (422, "INVALID_INPUT")


async def test_limits_and_rights(api: Api) -> None:
    assert (await api.anonymous.get(f"/v1/prices?assets=1:{TOKEN}")).status == 401
    client = api.client_of(await api.new_user())
    many = ",".join(f"1:0x{number:040x}" for number in range(101))
    assert (await client.get(f"/v1/prices?assets={many}")).status == 422
    long = f"/v1/prices/history?asset=1:{TOKEN}&step=hour&start=2020-01-01T00:00:00Z"
    assert (await client.get(long)).status == 422
    backwards = f"/v1/prices/history?asset=1:{TOKEN}&start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z"
    assert (await client.get(backwards)).status == 422
    for odd in ("end=0001-01-01T00:00:00%2B14:00", "start=9999-12-31T23:59:59-14:00", "start=2026-01-01T00:00:00"):
        assert (await client.get(f"/v1/prices/history?asset=1:{TOKEN}&{odd}")).status == 422, odd
