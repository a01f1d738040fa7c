"""`premium doctor` on the sources: configured, reached, and what the product had of them last."""

from collections.abc import Callable
from decimal import Decimal

from pydantic import SecretStr
from redis.asyncio import Redis

from backend.cli.doctor_prices import PENGUINS, price_findings
from backend.core.settings import Settings
from backend.market.ladder.cache import Asked
from backend.market.ladder.notes import Notes
from backend.market.ladder.problems import SourceUnreachableError
from tests.doubles.price_sources import Fault, price_double


async def test_each_source_has_a_row(make_settings: Callable[..., Settings], redis: Redis) -> None:
    async with price_double() as double:
        double.prices = {"coingecko:ethereum": Decimal("3000.5"), "ethereum": Decimal("3001")}
        double.rates = [("2026-11-24", {"USD": "1.1", "JPY": "170"})]
        settings = make_settings(
            chains={1: ["http://127.0.0.1:1"]},
            defillama_coins_url=double.defillama_url,
            coingecko_api_url=double.coingecko_url,
            ecb_rates_url=double.ecb_url,
        )
        rows = {row.what: row for row in await price_findings(settings)}
        assert rows["prices: DefiLlama"].note.startswith("Ether $3000.5, ")
        assert rows["prices: DefiLlama"].note.endswith("the product has not asked it yet")
        assert rows["prices: CoinGecko"].note == "not asked: no COINGECKO_API_KEY"
        assert rows["NFT floors: CoinGecko"].note == "not asked, NFTs have no value: no COINGECKO_API_KEY"
        assert rows["benchmark: S&P 500"].state == "off" and "SP500_CSV_URL" in rows["benchmark: S&P 500"].note
        assert rows["exchange rates"].note.startswith("newest of 2026-11-24")

        await Notes(redis).write("defillama", Asked({}))
        await Notes(redis).write("defillama", Asked({}, SourceUnreachableError("HTTP 502")))
        double.faults["llama"] = Fault.SERVER_ERROR
        keyed = settings.model_copy(update={"coingecko_api_key": SecretStr("wrong")})
        rows = {row.what: row for row in await price_findings(keyed)}
        assert rows["prices: DefiLlama"].note.startswith("does not answer: HTTP 500; last answer ")
        assert rows["prices: DefiLlama"].note.endswith("(HTTP 502)")
        assert rows["prices: CoinGecko"].note.startswith("does not answer: HTTP 401")
        assert rows["NFT floors: CoinGecko"].note.startswith("does not answer: HTTP 401")
        double.floors[f"ethereum/{PENGUINS.token}"] = (Decimal("4.67"), Decimal("9713.91"))
        right = settings.model_copy(update={"coingecko_api_key": SecretStr(double.key)})
        known = {row.what: row for row in await price_findings(right)}
        assert known["NFT floors: CoinGecko"].note.startswith("Pudgy Penguins $9713.91, ")
        assert not any(row.is_problem for row in rows.values()), "the product runs without them"
        assert not any("wrong" in row.note or "127.0.0.1" in row.note for row in rows.values())


async def test_the_demo_asks_nobody(make_settings: Callable[..., Settings]) -> None:
    rows = await price_findings(make_settings())
    assert [(row.what, row.state) for row in rows] == [("prices", "ok"), ("exchange rates", "off")]
