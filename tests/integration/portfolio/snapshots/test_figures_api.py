"""`/v1/portfolio/performance`, `/metrics` and `/comparison` over real sockets."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.settings import Settings
from backend.market.ladder.platforms import NO_CHAIN
from backend.portfolio.snapshots.records import day_of
from tests.integration.api.conftest import Api, serving
from tests.integration.portfolio.snapshots.conftest import worth


async def forty_days(save, user):
    """Grows by one a day from 100; 50 come in on the tenth day before today."""
    today = day_of(utc_now())
    for back in range(40, 0, -1):
        at = today - timedelta(days=back) + timedelta(hours=23)
        value = 100 + (40 - back) + (50 if back <= 10 else 0)
        await save(worth(user.id, at, str(value), flow="50" if back == 10 else "0"))


async def test_figures_of_known_flows(api: Api, save):
    user = await api.new_user("free")
    await forty_days(save, user)
    client = api.client_of(user)
    done = (await client.get("/v1/portfolio/performance?range=90d")).data
    assert (done["problems"], done["days"], done["daysKnown"]) == ([], 40, 40)
    assert (done["startUsd"], done["endUsd"], done["netFlowUsd"], done["gainUsd"]) == ("100", "189", "50", "39")
    assert (done["investedUsd"], done["roiPct"], done["neverFell"], done["statisticsDays"]) == ("150", "26", True, 39)
    linked = Decimal(130) / 100 * Decimal(189) / (Decimal(130 + 50))
    assert abs(Decimal(done["timeWeightedPct"]) - (Decimal(130) / 100 * 189 / 180 - 1) * 100) < Decimal("0.7"), linked
    assert len(done["months"]) >= 2
    metrics = (await client.get("/v1/portfolio/metrics")).data
    assert [each["range"] for each in metrics["ranges"]] == ["30d", "90d", "1y"]
    assert metrics["ranges"][1]["timeWeightedPct"] == done["timeWeightedPct"]
    assert (metrics["risk"]["hhi"], metrics["risk"]["exposures"][0]["netUsd"]) == ("1", "189")
    assert metrics["correlation"]["rows"] == [[None]], "one asset without a source of prices"


@pytest.fixture
async def real_chain_api(make_settings: Callable[..., Settings]) -> AsyncIterator[Api]:
    """An API server that reads a real chain; its sources of prices are not reached."""
    nowhere = "http://127.0.0.1:1"
    async with serving(make_settings(chains={1: [nowhere]}, defillama_coins_url=nowhere)) as running:
        yield running


async def test_comparison_has_every_benchmark_and_says_what_is_not_known(
    real_chain_api: Api, save, admin_database: Database
):
    api = real_chain_api
    user = await api.new_user("free")
    await forty_days(save, user)
    today = day_of(utc_now())
    async with admin_database.unit_of_work() as session:
        for back in range(40, 0, -1):
            at = today - timedelta(days=back - 1)
            price = Decimal(1000) + (40 - back) * (back % 3)
            await session.execute(
                text(
                    "insert into price_points (chain_id, token, step, taken_at, observed_at, price_usd, source)"
                    " values (:chain, 'bitcoin', 'day', :at, :at, :price, 'A source') on conflict do nothing"
                ),
                {"chain": NO_CHAIN, "at": at, "price": price},
            )
    found = (await api.client_of(user).get("/v1/portfolio/comparison?range=90d")).data
    bitcoin, ether, index = found["benchmarks"]
    assert (bitcoin["name"], ether["name"], index["name"]) == ("Bitcoin", "Ether", "S&P 500")
    assert (index["returnPct"], bool(index["problem"]), bool(ether["problem"])) == (None, True, True)
    assert (bitcoin["source"], bitcoin["isFilling"]) in (("A source", True), ("A source", False))
    assert bitcoin["commonReturns"] >= 37 and bitcoin["beta"] is not None
    assert found["points"][0]["portfolioPct"] == 0 == found["points"][0]["btcPct"]
    assert found["points"][0]["sp500Pct"] is None
    (wallet,) = found["wallets"]["items"]
    assert (wallet["beforeUsd"], wallet["afterUsd"], wallet["byPriceUsd"]) == ("100", "189", "89")
    assert (await api.client_of(user).get("/v1/portfolio/comparison?range=1h")).status == 422
    assert (await api.anonymous.get("/v1/portfolio/metrics")).status == 401


async def test_without_a_snapshot_everything_is_unknown(api: Api):
    client = api.client_of(await api.new_user("free"))
    found = (await client.get("/v1/portfolio/comparison?range=all")).data
    assert (found["portfolio"]["timeWeightedPct"], found["points"], found["wallets"]["items"]) == (None, [], [])
    assert (await client.get("/v1/portfolio/metrics")).data["risk"]["hhi"] is None
