"""What a plan needs to know beside the holdings: which tokens are vouched for, prices, and the chains' costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from backend.chain.events import NATIVE_TOKEN
from backend.chain.service import verified_pools
from backend.core.db import Database
from backend.core.settings import Settings
from backend.market.assets import KnownAssets
from backend.market.ladder.service import shared_ladder
from backend.portfolio.chains import multicall3_addresses, shared_pools
from backend.portfolio.rebalancing.holdings import Movables
from backend.portfolio.rebalancing.markets import MarketQuestion, price_keys, read_markets, tokens_in_pools
from backend.portfolio.rebalancing.planning import Known, Wish


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom to ask: the database for pools, the ladder's own (see Resources) for prices, the settings for chains."""

    settings: Settings
    database: Database
    timeseries: Database
    counters: Redis


async def ask(sources: Sources, held: Movables, wish: Wish, assets: KnownAssets) -> Known:
    """Ask prices and chains about what is held and what may be bought; what does not answer is unknown."""
    tokens = _tokens(held, wish, assets)
    keys = [key for chain_id, found in tokens.items() for key in price_keys(chain_id, found)]
    quotes = await shared_ladder(sources.settings, sources.timeseries, sources.counters).quotes(keys)
    prices = {key: quote.price_usd for key, quote in quotes.items()}
    # What is held is counted at the snapshot's own prices.
    prices |= {(each.purse.chain_id, each.purse.token): each.price_usd for each in held.held}
    rpcs = shared_pools(sources.settings)
    multicall3 = multicall3_addresses(list(rpcs))
    asked: dict[int, MarketQuestion] = {}
    async with sources.database.unit_of_work() as session:
        for chain_id, found in tokens.items():
            inside = tokens_in_pools(chain_id, found, assets)
            native = prices.get((chain_id, NATIVE_TOKEN))
            in_pools = {token: prices[chain_id, token] for token in inside if (chain_id, token) in prices}
            if native is not None and (wrapped := assets.wrapped.get(chain_id)) is not None:
                in_pools.setdefault(wrapped, native)
            asked[chain_id] = MarketQuestion(
                pools=await verified_pools(session, chain_id, inside),
                prices_usd=in_pools,
                decimals=_decimals(chain_id, inside, held, assets),
                multicall3=multicall3.get(chain_id),
                native_price_usd=native,
            )
    return Known(assets, await read_markets(rpcs, asked), prices)


def _tokens(held: Movables, wish: Wish, assets: KnownAssets) -> dict[int, list[str]]:
    """Return by chain where something is held the tokens that a plan may sell or buy there."""
    found: dict[int, dict[str, None]] = {}
    for each in held.held:
        found.setdefault(each.purse.chain_id, {})[each.purse.token] = None
    for chain_id, tokens in found.items():
        for key in wish.target_pct:
            tokens |= dict.fromkeys(assets.tokens_of(key, chain_id) if wish.by == "asset" else ())
        tokens |= dict.fromkeys(assets.hubs.get(chain_id, ()))
    return {chain_id: list(tokens) for chain_id, tokens in found.items()}


def _decimals(chain_id: int, tokens: Sequence[str], held: Movables, assets: KnownAssets) -> dict[str, int]:
    found = {token: assets.decimals[chain_id, token] for token in tokens if (chain_id, token) in assets.decimals}
    return found | {each.purse.token: each.decimals for each in held.held if each.purse.chain_id == chain_id}
