"""The ladder on the demo market: its pools and its feeds, as the chain itself says, and nobody else."""

from datetime import timedelta
from decimal import Decimal

from redis.asyncio import Redis

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.market.ladder.chainlink import Chainlink
from backend.market.ladder.ladder import Ladder
from backend.market.ladder.pools import Pools
from backend.market.ladder.port import Key
from backend.market.ladder.problems import SourceUnreachableError
from tests.integration.chain.conftest import *  # noqa: F403 - the fixtures of a market of our own
from tests.integration.chain.harness import Market, following, wait_for_head


async def test_quotes_agree_with_the_chain(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    tokens = {symbol: token.address.lower() for symbol, token in market.addresses.tokens.items()}
    async with following(chain_settings):
        await market.anvil.mine()
        await wait_for_head(market, chain_database)
    settings = chain_settings.model_copy(update={"chains": {}, "demo_chain_port": market.anvil.port})
    ladder = Ladder(settings, chain_database, redis)
    try:
        keys = [(DEMO_CHAIN_ID, token) for token in (*tokens.values(), NATIVE_TOKEN)]
        quotes = await ladder.quotes([*keys, (DEMO_CHAIN_ID, "0x" + "9" * 40), (1, tokens["WETH"])])
        assert set(quotes) == set(keys)
        weth, native = quotes[DEMO_CHAIN_ID, tokens["WETH"]], quotes[DEMO_CHAIN_ID, NATIVE_TOKEN]
        assert weth.price_usd == native.price_usd and weth.source == "Demo market" and "WETH/USDC" in weth.detail
        assert quotes[DEMO_CHAIN_ID, tokens["USDC"]].price_usd == 1
        (feed,) = weth.others
        assert feed.source == "Demo market feed" and weth.disagreement_pct == feed.distance_pct
        ago = utc_now() - timedelta(seconds=3_000)
        moments = await ladder.at_moments([((DEMO_CHAIN_ID, NATIVE_TOKEN), utc_now()), (keys[0], ago)])
        ((named, point),) = moments.items()
        assert named[0].token == NATIVE_TOKEN and point.price_usd == weth.price_usd, "the market is younger than that"
        assert point.observed_at == weth.taken_at and point.source == "Demo market"
        history = await ladder.history((DEMO_CHAIN_ID, tokens["WETH"]), utc_now(), utc_now(), "hour")
        assert history == [], "no full hour has passed on this chain"
    finally:
        await ladder.close()


async def test_feeds_are_read_from_the_chain_and_a_dead_chain_is_an_error(
    market: Market, chain_settings: Settings, chain_database: Database
) -> None:
    feeds = Chainlink(chain_settings)
    weth = Key(DEMO_CHAIN_ID, market.addresses.tokens["WETH"].address.lower())
    answers = await feeds.prices([weth, Key(DEMO_CHAIN_ID, NATIVE_TOKEN)])
    raw = await market.anvil.call("eth_call", {"to": market.addresses.feeds["WETH"], "data": "0xfeaf968c"}, "latest")
    assert answers[weth].price_usd == Decimal(int(raw[66:130], 16)).scaleb(-8)
    assert answers[weth].taken_at == int(raw[2 + 64 * 3 : 2 + 64 * 4], 16)
    assert answers[Key(DEMO_CHAIN_ID, NATIVE_TOKEN)] == answers[weth]
    market.anvil.stop()
    try:
        await feeds.prices([weth])
    except SourceUnreachableError:
        pass
    else:
        raise AssertionError("a chain that is away is an error, not silence")
    assert await Pools(chain_settings, chain_database).prices([weth]) == {}, "nothing was followed: unknown"
