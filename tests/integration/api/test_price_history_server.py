"""TIMESERIES_URL: prices are read there and nowhere else; everything else keeps to the main database."""

from collections.abc import Callable

from backend.core.settings import Settings
from tests.integration.api.conftest import serving

AWAY = "postgresql://premium_app@127.0.0.1:1/none"


async def test_prices_come_from_the_server_named_for_them(make_settings: Callable[..., Settings]) -> None:
    same = make_settings()
    async with serving(make_settings(timeseries_url=same.database_url)) as api:
        client = api.client_of(await api.new_user())
        reply = await client.get("/v1/market/prices?chainId=31337")
        assert (reply.status, reply.data["items"]) == (200, [])


async def test_rules_stay_when_the_server_of_prices_is_away(make_settings: Callable[..., Settings]) -> None:
    async with serving(make_settings(timeseries_url=AWAY)) as api:
        client = api.client_of(await api.new_user())
        prices = await client.get("/v1/market/prices?chainId=31337")
        assert (prices.status, prices.error["code"]) == (503, "UNAVAILABLE")
        rules = await client.get("/v1/alerts/rules")
        assert (rules.status, rules.data["total"]) == (200, 0)
