"""CoinGecko's floors of NFT collections, from a server that answers as it does, and misbehaves."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from backend.core.clock import now_seconds, use_clock
from backend.core.settings import Settings
from backend.market.ladder.cache import CachedSource
from backend.market.ladder.client import Place, SourceClient
from backend.market.ladder.floors import CoinGeckoFloors, floor_of, floors_configured
from backend.market.ladder.port import Key
from backend.market.ladder.problems import SourceError, SourceGarbageError, SourceThrottledError, SourceUnreachableError
from backend.market.ladder.quoting import Quoting
from tests.doubles.price_sources import Fault, PriceDouble, price_double

PENGUINS, BARE, NOBODY = (Key(1, "0x" + digit * 40) for digit in "bcd")
DEMO = Key(31337, PENGUINS.token)


@pytest.fixture
async def double() -> AsyncIterator[PriceDouble]:
    async with price_double() as running:
        running.floors = {
            f"ethereum/{PENGUINS.token}": (Decimal("4.67"), Decimal("9713.91")),
            f"ethereum/{BARE.token}": None,
        }
        yield running


def client_of(double: PriceDouble, requests_per_minute: float = 10_000) -> SourceClient:
    headers = {"x-cg-demo-api-key": double.key}
    return SourceClient(Place("coingecko", double.coingecko_url, requests_per_minute, 1.0, headers))


async def test_a_floor_says_source_time_and_currency(double: PriceDouble, redis: Redis) -> None:
    client = client_of(double)
    quoting = Quoting([CoinGeckoFloors(client)], redis)
    keys = [tuple(key) for key in (PENGUINS, BARE, NOBODY, DEMO)]
    for _ in range(2):
        found = await quoting.quotes(keys)
        assert set(found) == {tuple(PENGUINS)}, "no floor, an unknown collection, a chain that nobody outside knows"
    floor = found[tuple(PENGUINS)]
    assert (floor.price_usd, floor.source, floor.detail) == (
        Decimal("9713.91"),
        "CoinGecko",
        "collection floor, 4.67 ETH",
    )
    assert 0 <= now_seconds() - floor.taken_at.timestamp() < 60
    assert double.asked["gecko"] == 3, "each once: that there is none is kept as well"
    assert double.requests[0] == f"/gecko/api/v3/nfts/ethereum/contract/{PENGUINS.token}"
    await quoting.close()
    await client.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.FOREIGN, SourceGarbageError),
        (Fault.HTML, SourceGarbageError),
        (Fault.NAN, SourceGarbageError),
        (Fault.SERVER_ERROR, SourceUnreachableError),
        (Fault.THROTTLE, SourceThrottledError),
    ],
)
async def test_what_is_no_answer_is_no_floor(double: PriceDouble, fault: Fault, error: type[SourceError]) -> None:
    client = client_of(double)
    double.faults["gecko"] = fault
    with pytest.raises(error):
        await CoinGeckoFloors(client).prices([PENGUINS])
    await client.close()


@pytest.mark.parametrize("fault", [Fault.NEGATIVE, Fault.HUGE, Fault.TEXT])
async def test_a_floor_that_cannot_be_is_none(double: PriceDouble, fault: Fault) -> None:
    client = client_of(double)
    double.faults["gecko"] = fault
    assert await CoinGeckoFloors(client).prices([PENGUINS]) == {}
    await client.close()


async def test_floors_leave_two_thirds_of_the_limit_to_prices(double: PriceDouble) -> None:
    client = client_of(double, requests_per_minute=30)
    floors = CoinGeckoFloors(client)
    keys = [Key(1, f"0x{place:040x}") for place in range(1, 13)]
    with pytest.raises(SourceThrottledError, match="our own limit"):
        await floors.prices(keys)
    assert double.asked["gecko"] == 10
    await client.close()


async def test_when_the_limit_does_not_suffice_what_was_never_asked_for_comes_first(
    double: PriceDouble, redis: Redis
) -> None:
    old = [Key(1, f"0x{place:040x}") for place in range(101, 111)]
    new = [Key(1, f"0x{place:040x}") for place in range(201, 203)]
    double.floors |= {f"ethereum/{key.token}": (Decimal(1), Decimal(2000)) for key in (*old, *new)}
    clients = client_of(double), client_of(double, requests_per_minute=30)
    before, now = (CachedSource(CoinGeckoFloors(client), redis) for client in clients)
    assert set((await before.prices(old)).answers) == {*old}
    later = now_seconds() + 3_600
    use_clock(lambda: later)
    try:
        asked = await now.prices([*old, *new])
    finally:
        use_clock(None)
    assert set(asked.answers) == {*old, *new}, "the others are as they were an hour ago"
    fresh = {key for key, answer in asked.answers.items() if later - answer.taken_at < 60}
    assert len(fresh) == 10 and {*new} <= fresh
    for client in clients:
        await client.close()


def test_an_answer_about_another_collection_is_refused() -> None:
    body = b'{"contract_address": "0x%s", "floor_price": {"usd": 5}}'
    assert floor_of(PENGUINS.token)(body % (b"B" * 40)).price_usd == 5  # type: ignore[union-attr]
    for wrong in (body % (b"c" * 40), b'{"floor_price": {"usd": 5}}', b"[]"):
        with pytest.raises(SourceGarbageError):
            floor_of(PENGUINS.token)(wrong)
    assert floor_of(PENGUINS.token)(b'{"contract_address": "0x%s"}' % (b"b" * 40)) is None


def test_a_source_needs_a_key_and_a_chain_that_is_known(make_settings: Callable[..., Settings]) -> None:
    assert not floors_configured(make_settings(chains={1: ["http://127.0.0.1:1"]}))
    assert floors_configured(make_settings(chains={1: ["http://127.0.0.1:1"]}, coingecko_api_key="key"))
