"""The sources outside that the settings name. What is not configured is not here, so it is never asked."""

from dataclasses import dataclass

from backend.core.settings import Settings
from backend.market.ladder.client import Place, SourceClient
from backend.market.ladder.coingecko import CoinGecko
from backend.market.ladder.defillama import DefiLlama
from backend.market.ladder.floors import CoinGeckoFloors, floors_configured
from backend.market.ladder.sp500 import StockIndex

SP500_REQUESTS_PER_MINUTE = 6.0
SP500_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class WebSources:
    """The configured ones; None for the others."""

    defillama: DefiLlama | None
    coingecko: CoinGecko | None
    sp500: StockIndex | None
    floors: CoinGeckoFloors | None
    clients: tuple[SourceClient, ...]

    async def close(self) -> None:
        """Close the connections of all of them."""
        for client in self.clients:
            await client.close()


def web_sources(settings: Settings) -> WebSources:
    """Return the sources outside; none in the demo, whose market nobody outside knows."""
    if settings.is_demo_chain:
        return WebSources(None, None, None, None, ())
    clients: list[SourceClient] = []

    def client(place: Place) -> SourceClient:
        clients.append(SourceClient(place))
        return clients[-1]

    defillama = coingecko = sp500 = floors = None
    if settings.defillama_coins_url:
        defillama = DefiLlama(client(defillama_place(settings)))
    if floors_configured(settings):
        account = client(coingecko_place(settings))
        coingecko = CoinGecko(account, is_demo=settings.coingecko_plan == "demo")
        floors = CoinGeckoFloors(account)
    if settings.sp500_csv_url:
        sp500 = StockIndex(client(sp500_place(settings)))
    return WebSources(defillama, coingecko, sp500, floors, tuple(clients))


def defillama_place(settings: Settings) -> Place:
    """Return where DefiLlama's coins API is."""
    return Place(
        DefiLlama.name,
        settings.defillama_coins_url,
        settings.defillama_requests_per_minute,
        settings.price_timeout_seconds,
    )


def coingecko_place(settings: Settings) -> Place:
    """Return where CoinGecko's API is, with the header of our plan's key."""
    header = f"x-cg-{settings.coingecko_plan}-api-key"
    return Place(
        CoinGecko.name,
        settings.coingecko_url,
        settings.coingecko_requests_per_minute,
        settings.price_timeout_seconds,
        {header: settings.coingecko_api_key.get_secret_value()},
    )


def sp500_place(settings: Settings) -> Place:
    """Return where the index's closes are."""
    return Place(StockIndex.name, settings.sp500_csv_url, SP500_REQUESTS_PER_MINUTE, SP500_TIMEOUT_SECONDS)
